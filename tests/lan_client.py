"""A client in another network namespace: joins a shared Streamlit page and prints what it was given, as JSON.

`python -m tests.lan_client ADDRESS JOIN_PATH`, where the address is that of the server.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
from typing import Any
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

SECONDS = 30


def fetch(address: str, method: str, path: str, cookie: str = "", origin: str = "") -> tuple[int, str]:
    """Status and cookie of the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=SECONDS)
    headers = {name: value for name, value in (("Cookie", cookie), ("Origin", origin)) if value}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, (answer.getheader("set-cookie") or "").partition(";")[0]


async def talk(address: str, cookie: str, session: str = "", origin: str | None = None) -> str | int:
    """The id of the session that a websocket got, or the status of a refusal."""
    protocols = ["streamlit", "none", *([session] if session else [])]
    headers = {"Cookie": cookie} if cookie else {}
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        async with websockets.connect(
            url, additional_headers=headers, origin=address if origin is None else origin, subprotocols=protocols,
            proxy=None, open_timeout=SECONDS, max_size=None,
        ) as socket:  # fmt: skip
            run = BackMsg()
            run.rerun_script.query_string = ""
            await socket.send(run.SerializeToString())
            kind, got = "", ""
            while kind != "script_finished":
                message = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(decode=False), SECONDS))
                kind = message.WhichOneof("type") or ""
                if kind == "new_session":
                    got = message.new_session.initialize.session_id
            return got
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


async def main(address: str, join: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "stranger": fetch(address, "GET", "/")[0],
        "stranger upload": fetch(address, "PUT", "/_stcore/upload_file/x/y", origin=address)[0],
        "stranger websocket": await talk(address, ""),
        "health": fetch(address, "GET", "/healthz")[0],
        "owner's page": fetch(address, "GET", "/owner")[0],
        "looking": fetch(address, "GET", join),
    }
    cookies = []
    for _ in range(2):
        status, cookie = fetch(address, "POST", join, origin=address)
        told.setdefault("joined", []).append(status)
        cookies.append(cookie)
    anna, ben = cookies[0], cookies[1]
    told["page"] = fetch(address, "GET", "/", anna)[0]
    told["foreign websocket"] = await talk(address, anna, origin="http://evil")
    first = await talk(address, anna)
    told["websocket"] = isinstance(first, str) and bool(first)
    told["back again"] = await talk(address, anna, str(first)) == first
    told["stolen"] = await talk(address, ben, str(first)) == first
    told["upload to another's"] = fetch(address, "PUT", f"/_stcore/upload_file/{first}/f", ben, address)[0]
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
