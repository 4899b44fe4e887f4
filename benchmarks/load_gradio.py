"""A visitor of the Gradio chat without a browser: the requests that its page makes, for `benchmarks/load.py`.

Events go through the queue: one POST each, and one stream of server-sent events for all that are not over. The page's
clock, which asks every two seconds whether anything was changed, and the stream that says the page is open are there
too. Left out: scripts, styles and pictures of the page.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import httpx2
from gradio_client.utils import apply_diff

if TYPE_CHECKING:
    from benchmarks.load import Answer

API = "/gradio_api"
_TRIGGERS = {
    "load": (None, "load"),
    "submit": ("box", "submit"),
    "new": ("new-chat", "click"),
    "stop": ("box", "stop"),
    "tick": ("timer", "tick"),
    "watch": ("signal", "change"),
    "redraw": ("redraw", "change"),
}
"""Handler -> the `elem_id`, or type without one, of the component that starts it, and the event."""

_BY_NUMBER = {"signal": "watch", "redraw": "redraw"}
"""Hidden number -> the handler that a new value starts."""


class Handler:
    """A function of the page, as its configuration describes it."""

    def __init__(self, described: dict[str, Any], trigger: int | None) -> None:
        self.index: int = described["id"]
        self.trigger = trigger
        self.inputs: list[int] = described["inputs"]
        self.outputs: list[int] = described["outputs"]


class GradioVisitor:
    """One page in one browser. Use as an asynchronous context manager; `open` it before anything else."""

    program = "web_demo.py"
    settle_seconds = 0.0
    has_settings = True
    comes_back = False

    def __init__(self, url: str) -> None:
        self._http = httpx2.AsyncClient(
            base_url=url, headers={"Origin": url, "Sec-Fetch-Site": "same-origin", "Accept-Language": "en"},
            timeout=httpx2.Timeout(30, read=None), trust_env=False,
        )  # fmt: skip
        self._session = secrets.token_hex(6)
        self._handlers: dict[str, Handler] = {}
        self._ids: dict[str, int] = {}
        self._shown: dict[int, dict[str, Any]] = {}  # component -> its properties
        self._pending: dict[str, tuple[Handler, list[Any], asyncio.Future[None]]] = {}
        self._early: dict[str, list[dict[str, Any]]] = {}  # messages that came before the answer to their POST
        self._streams = False
        self._answer: Answer | None = None
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble = ""

    async def __aenter__(self) -> GradioVisitor:
        return self

    async def __aexit__(self, *failure: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def open(self) -> None:
        """Load the page, with a cookie of its own, and wait until the model is ready."""
        (await self._http.get("/", headers={"Sec-Fetch-Site": "none"})).raise_for_status()
        self._read((await self._http.get("/config")).raise_for_status().json())
        self._start(self._stay())
        await self._call("load", ["", "en", ""])
        self._start(self._tick())
        await self._until(lambda: "dot ready" in str(self._value("status")))

    async def start_new(self) -> None:
        """Begin a new conversation."""
        await self._call("new", [])
        await self._until(lambda: not self._bubbles())

    async def ask(self, question: str, settings: dict[str, Any], answer: Answer) -> None:
        """Ask with these of the panel's settings, and note in `answer` what the page shows until it is complete."""
        self._trouble, self._answer = "", answer
        inputs = [self._shown[component].get("value") for component in self._handlers["submit"].inputs]
        for name, value in {"box": question, **settings}.items():
            inputs[self._handlers["submit"].inputs.index(self._ids[name.replace("_", "-")])] = value
        answer.begin()
        try:
            await self._call("submit", inputs)
            await self._until(lambda: not self._shown[self._ids["box"]]["stop_btn"] and not self._pending)
        finally:
            self._answer = None
        answer.end(self._text(), page=json.dumps(list(self._shown.values()), ensure_ascii=False, default=str))

    async def stop(self) -> None:
        """Click on the button that stops the answer."""
        await self._post("run/predict", self._handlers["stop"], [])

    async def vanish(self) -> None:
        """Be gone without a word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    # -- what is on the page ---------------------------------------------------------------------------

    def _read(self, config: dict[str, Any]) -> None:
        for component in config["components"]:
            name = component["props"].get("elem_id") or component["type"]
            self._ids.setdefault(name, component["id"])
            self._shown[component["id"]] = dict(component["props"])
        for name, (component, event) in _TRIGGERS.items():
            trigger = self._ids[component] if component else None
            found = [
                made
                for made in config["dependencies"]
                for target, happens in made["targets"]
                if happens == event and trigger in (None, target) and made["backend_fn"]
            ]
            if len(found) != 1:
                raise LookupError(f"the page has {len(found)} functions for {name!r} of {component!r}, expected one")
            self._handlers[name] = Handler(found[0], trigger)

    def _value(self, name: str) -> Any:
        return self._shown[self._ids[name]].get("value")

    def _bubbles(self) -> list[str]:
        """What is written in each bubble."""
        contents = (bubble["content"] for bubble in self._value("chat") or ())
        return ["".join(part.get("text", "") for part in content) for content in contents]

    def _text(self) -> str:
        """The answer as far as it is shown: what is written in the second bubble."""
        text = "".join(self._bubbles()[1:2])
        return "" if 'class="waiting"' in text else text

    def _show(self, handler: Handler, output: list[Any]) -> None:
        """Take up what `handler` returned, as the page does; new numbers make it watch, and draw the whole page."""
        before = {name: self._value(name) for name in _BY_NUMBER}
        for component, given in zip(handler.outputs, output, strict=True):
            update = given if isinstance(given, dict) and given.get("__type__") == "update" else {"value": given}
            self._shown[component].update(update)
        for name, number in before.items():
            if self._value(name) != number:
                self._start(self._call(_BY_NUMBER[name], []))
        if self._answer is not None:
            self._answer.grew(self._text())
            self._trouble = next((text for text in self._bubbles() if 'class="trouble"' in text), self._trouble)
        self._news.set()

    # -- requests --------------------------------------------------------------------------------------

    async def _call(self, name: str, data: list[Any]) -> None:
        """Let a handler run in the queue; returns when it has ended and all it returned is shown."""
        handler = self._handlers[name]
        event = (await self._post("queue/join", handler, data))["event_id"]
        ended = asyncio.get_running_loop().create_future()
        self._pending[event] = (handler, [], ended)
        for message in self._early.pop(event, ()):
            self._hear(message)
        if not self._streams and self._pending:
            self._streams = True
            self._start(self._listen())
        await ended
        if name == "watch":  # what the page does then
            await self._call("redraw", [])

    async def _post(self, path: str, handler: Handler, data: list[Any]) -> dict[str, Any]:
        body = {
            "data": data, "event_data": None, "fn_index": handler.index, "trigger_id": handler.trigger,
            "session_hash": self._session,
        }  # fmt: skip
        answer = await self._http.post(f"{API}/{path}", json=body)
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    async def _listen(self) -> None:
        """Read the stream of events as long as any are pending: the server closes it after the last one."""
        while self._pending:
            path = f"{API}/queue/data?session_hash={self._session}"
            async with self._http.stream("GET", path, headers={"Accept": "text/event-stream"}) as stream:
                stream.raise_for_status()
                async for line in stream.aiter_lines():
                    if line.startswith("data:"):
                        self._hear(json.loads(line[5:]))
        self._streams = False

    def _hear(self, message: dict[str, Any]) -> None:
        kind, event = message["msg"], message.get("event_id")
        if kind == "unexpected_error":
            raise ConnectionError(f"the server says: {message['message']}")
        if kind == "log" and message.get("level") != "info":
            self._trouble = str(message.get("log"))
        if kind not in ("process_generating", "process_completed"):
            return
        if event not in self._pending:
            self._early.setdefault(str(event), []).append(message)
            return
        handler, last, ended = self._pending[event]
        if not message["success"]:
            self._trouble = str(message["output"])
        elif kind == "process_generating" and last:  # only the first output is whole
            new = message["output"]["data"]
            last[:] = [apply_diff(old, diff) if diff else old for old, diff in zip(last, new, strict=True)]
            self._show(handler, last)
        elif output := message["output"].get("data"):
            last[:] = output
            self._show(handler, last)
        if kind == "process_completed":
            del self._pending[event]
            ended.set_result(None)
            self._news.set()

    async def _stay(self) -> None:
        """Keep the stream open by which the server knows that the page is."""
        async with self._http.stream("GET", f"{API}/heartbeat/{self._session}") as stream:
            async for _ in stream.aiter_lines():
                pass

    async def _tick(self) -> None:
        handler = self._handlers["tick"]
        while True:
            await asyncio.sleep(float(self._value("timer")))
            answer = await self._post("run/predict", handler, [])
            self._show(handler, answer["data"])

    # -- tasks -----------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def watched() -> None:
            try:
                await work
            except Exception as error:  # whoever waits for the page is told
                self._trouble = f"{type(error).__name__}: {error}"
                self._news.set()
                for _, _, ended in self._pending.values():
                    ended.set_exception(ConnectionError(self._trouble))
                self._pending.clear()

        task = asyncio.ensure_future(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before it began

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not self._trouble and not holds():
            self._news.clear()
            await self._news.wait()
        if self._trouble:
            raise RuntimeError(f"the page shows: {self._trouble}")
