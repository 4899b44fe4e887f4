"""The connection to a kernel whose other end is hostile: raw bytes against the reader."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from glm.sandbox.wire import Wire
from glm.sandbox.zmtp import Channel, WireError

GREETING = b"\xff" + b"\0" * 8 + b"\x7f\x03\0" + b"NULL".ljust(20, b"\0") + b"\0" * 32
READY = b"\x05READY\x0bSocket-Type\0\0\0\x06ROUTER"
LARGEST = 10_000
T = TypeVar("T")


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) > 255:
        return struct.pack(">BQ", flags | 2, len(body)) + body
    return struct.pack(">BB", flags, len(body)) + body


def talk(folder: Path, said: bytes, then: Callable[[Channel], Awaitable[T]], *, greeting: bytes = GREETING) -> T:
    """Run `then` on a channel to a peer that greets, says `said` and closes."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting + frame(READY, 4) + said)
        with suppress(asyncio.TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            # Closing with something unread would take back what was said.
            await asyncio.wait_for(reader.readexactly(64 + 43), 0.5)
        writer.close()

    async def both() -> T:
        server = await asyncio.start_unix_server(peer, folder / "k-1")
        try:
            channel = await Channel.open("ipc", str(folder / "k"), 1, "DEALER", largest=LARGEST)
            try:
                return await asyncio.wait_for(then(channel), 5)
            finally:
                channel.close()
        finally:
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0.05)  # what was aborted is closed a moment later

    return asyncio.run(both())


def test_messages_of_several_parts(tmp_path: Path) -> None:
    said = frame(b"a", 1) + frame(b"b" * 300) + frame(b"")

    async def two(channel: Channel) -> list[list[bytes]]:
        return [await channel.receive(), await channel.receive()]

    assert talk(tmp_path, said, two) == [[b"a", b"b" * 300], [b""]]


@pytest.mark.parametrize(
    "said",
    [
        b"\x02" + b"\xff" * 8,  # a frame of 2^64 - 1 bytes
        struct.pack(">BQ", 2, LARGEST + 1),
        frame(b"x" * 6000, 1) + frame(b"x" * 6000),  # together too large
        frame(b"", 1) * 100_000,  # a message without end
        frame(b"", 4) * 2000,  # nothing but commands
        b"\x02\x00",  # breaks off
        b"",
    ],
    ids=["huge", "large", "sum", "endless", "commands", "broken", "closed"],
)
def test_what_is_no_message_ends_the_connection(tmp_path: Path, said: bytes) -> None:
    with pytest.raises(WireError):
        talk(tmp_path, said, lambda channel: channel.receive())


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n".ljust(64), b"\0" * 64, b"\xff"], ids=range(3))
def test_another_protocol_is_refused(tmp_path: Path, greeting: bytes) -> None:
    with pytest.raises(WireError):
        talk(tmp_path, b"", lambda channel: channel.receive(), greeting=greeting)


def test_nobody_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        asyncio.run(Channel.open("ipc", str(tmp_path / "k"), 1, "SUB", largest=LARGEST))


def reply(
    wire: Wire, kind: str = "stream", content: bytes = b'{"name": "stdout"}', parent: object = "p"
) -> list[bytes]:
    """A message as the kernel would sign it."""
    frames = [json.dumps({"msg_type": kind}).encode(), json.dumps({"msg_id": parent}).encode(), b"{}", content]
    return [b"topic", b"<IDS|MSG>", wire._signature(frames), *frames]


def test_an_honest_message_is_read() -> None:
    wire = Wire("secret")
    message = wire.read(reply(wire))
    assert message is not None
    assert (message.kind, message.parent, message.content) == ("stream", "p", {"name": "stdout"})


def test_a_request_is_signed_as_jupyter_does() -> None:
    wire = Wire("secret")
    number, parts = wire.request("execute_request", {"code": "1"})
    assert parts[:2] == [b"<IDS|MSG>", wire._signature(parts[2:])]
    assert json.loads(parts[2])["msg_id"] == number


def test_foreign_and_malformed_messages_are_nothing() -> None:
    wire = Wire("secret")
    good = reply(wire)
    assert wire.read(reply(Wire("another"))) is None
    for parts in ([], [b"x"], [b""] * 30, good[:2], good[:3], good[:5], [b"a", b"<IDS|MSG>", b"", b"[", b"{}", b"{}"]):
        assert wire.read(parts) is None
    for parent in (5, None, ["p"], "x" * 1000):
        assert wire.read(reply(wire, parent=parent)) is None


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 50_000], ids=range(6)
)
def test_content_that_is_no_object_is_empty(content: bytes) -> None:
    wire = Wire("secret")
    message = wire.read(reply(wire, content=content))
    assert message is not None
    assert message.content == {}


def test_endless_numbers_cost_no_time() -> None:
    wire = Wire("secret")
    message = wire.read(reply(wire, content=b'{"n": ' + b"9" * 2_000_000 + b"}"))
    assert message is not None
    assert message.content == {"n": 0}
