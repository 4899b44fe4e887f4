"""A visitor of the Streamlit page without a browser: the messages of its websocket, for `benchmarks/load.py`.

What a page sends of its own accord is there too: parts of it that run by themselves ask anew at their intervals, and
large pieces that it has already are not sent to it again. Left out: scripts, styles and fonts of the page.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import httpx2
import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.typing import Origin, Subprotocol

if TYPE_CHECKING:
    from benchmarks.load import Answer

_KEY = re.compile(r"\$\$ID-[^-]+-(.+)")
"""The id of a widget ends with the key that the page gave it."""


class StreamlitVisitor:
    """One page in one browser. Use as an asynchronous context manager; `open` it before anything else."""

    program = "composite.py"
    # Streamlit's page fetches its buttons piece by piece when it was just opened: apps/streamlit_chat.py draws
    # answers slowly then.
    settle_seconds = 6.5
    has_settings = True
    comes_back = False
    mode = "chat"

    def __init__(self, url: str) -> None:
        self.cookies = httpx2.Cookies()
        self._url = url
        self._socket: Any = None
        self._widgets: dict[str, str] = {}  # key -> id
        self._drawn: set[str] = set()  # keys of the widgets that the last run of the whole page has drawn
        self._set: dict[str, WidgetState] = {}
        self._shown: dict[tuple[int, ...], Element] = {}
        self._speakers: dict[tuple[int, ...], str] = {}  # place of a bubble -> whose it is
        self._kept: dict[str, ForwardMsg] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._query, self._script = f"mode={self.mode}", ""
        self._whole = False  # whether the last run began anew with the whole page
        self._runs = 0  # of the whole page that came to their end
        self._running = False
        self._text = self._status = self._trouble = ""
        self._answer: Answer | None = None
        self._news = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> StreamlitVisitor:
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._clear_timers(list(self._timers))
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def open(self) -> None:
        """Load the page, with a cookie of its own, and wait until the model is ready."""
        async with httpx2.AsyncClient(base_url=self._url, trust_env=False, timeout=30, cookies=self.cookies) as http:
            (await http.get("/")).raise_for_status()
            self.cookies.update(http.cookies)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._socket = await websockets.connect(
            self._url.replace("http", "ws", 1) + "/_stcore/stream",
            additional_headers={"Cookie": cookies},
            origin=Origin(self._url),
            subprotocols=[Subprotocol("streamlit"), Subprotocol("none")],
            proxy=None,
            max_size=None,
            open_timeout=30,
        )
        self._listener = asyncio.ensure_future(self._listen())
        await self._run()
        await self._until(lambda: "dot ready" in self._status and self._resting)

    async def start_new(self) -> None:
        """Begin a new conversation."""
        before = self._runs
        await self._run(new_chat=WidgetState(trigger_value=True))
        await self._until(lambda: self._runs > before and self._resting)

    async def ask(self, question: str, settings: dict[str, Any], answer: Answer) -> None:
        """Ask with these of the panel's settings, and note in `answer` what the page shows until it is complete."""
        for name, value in settings.items():
            self._set[f"set_{name}"] = state = WidgetState()
            if name == "seed":
                state.double_value = value
            else:
                state.double_array_value.data.append(value)
        typed = WidgetState()
        typed.chat_input_value.data = question
        before, self._text, self._trouble, self._answer = self._runs, "", "", answer
        answer.begin()
        try:
            await self._run(**{f"box_{self.mode}": typed})
            await self._until(lambda: self._runs > before and self._resting)
        finally:
            self._answer = None
        answer.end(self._text, page="\n".join([self._status, *map(str, self._shown.values())]))

    async def stop(self) -> None:
        """Click on the button that stops the answer, if it is there."""
        if "stop_button" in self._drawn:
            await self._run(stop_button=WidgetState(trigger_value=True))

    async def vanish(self) -> None:
        """Be gone without a word."""
        self._socket.transport.abort()

    # -- what is on the page ---------------------------------------------------------------------------

    @property
    def _resting(self) -> bool:
        """Whether the page is drawn to its end, with no answer being written."""
        return not self._running and "stop_button" not in self._drawn

    def _hear(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "ref_hash":
            known = ForwardMsg()
            known.CopyFrom(self._kept[message.ref_hash])
            known.metadata.CopyFrom(message.metadata)
            message = known
        elif message.metadata.cacheable:
            self._kept[message.hash] = message
        match message.WhichOneof("type"):
            case "new_session":
                self._script = message.new_session.page_script_hash
                self._whole = not message.metadata.run.fragment_ids
                if self._whole:
                    self._running = True
                    self._drawn.clear()
                    self._clear_timers(list(self._timers))
            case "delta":
                self._draw(tuple(message.metadata.delta_path), message.delta)
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "auto_rerun":
                fragment = message.auto_rerun.fragment_id
                if fragment not in self._timers:
                    self._timers[fragment] = asyncio.ensure_future(self._repeat(fragment, message.auto_rerun.interval))
            case "stop_auto_rerun":
                self._clear_timers(message.stop_auto_rerun.fragment_ids)
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._running = False
                self._runs += 1
        self._news.set()

    def _draw(self, place: tuple[int, ...], delta: Delta) -> None:
        self._speakers.pop(place, None)
        if delta.WhichOneof("type") == "add_block":
            if delta.add_block.HasField("chat_message"):
                self._speakers[place] = delta.add_block.chat_message.name
            return
        element = self._shown[place] = delta.new_element
        kind = element.WhichOneof("type") or "empty"
        part = getattr(element, kind)
        if key := _KEY.fullmatch(getattr(part, "id", "")):
            self._widgets[key[1]] = part.id
            self._drawn.add(key[1])
        if kind == "html" and 'class="status"' in part.body:
            self._status = part.body
        elif kind in ("exception", "toast") or (kind == "alert" and part.format == Alert.ERROR):
            self._trouble = " ".join(str(part).split())
        elif kind == "markdown" and self._speaker(place) == "assistant":
            self._text = part.body
            if self._answer is not None:
                self._answer.grew(self._text)

    def _speaker(self, place: tuple[int, ...]) -> str:
        """Whose bubble the place is in; "" when it is in none."""
        around = (place[:length] for length in range(len(place) - 1, 0, -1))
        return next((self._speakers[outer] for outer in around if outer in self._speakers), "")

    # -- messages --------------------------------------------------------------------------------------

    async def _run(self, fragment: str = "", **triggers: WidgetState) -> None:
        """Have the page drawn anew, or a `fragment` of it; `triggers` are what was clicked or sent, by key."""
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash = self._query, self._script
        run.fragment_id, run.is_auto_rerun = fragment, bool(fragment)
        run.cached_message_hashes.extend(self._kept)
        run.context_info.locale = "en-US"
        for key, state in (*self._set.items(), *triggers.items()):
            run.widget_states.widgets.add().CopyFrom(state)
            run.widget_states.widgets[-1].id = self._widgets[key]
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        try:
            while True:
                self._hear(ForwardMsg.FromString(await self._socket.recv(decode=False)))
        except Exception as error:  # whoever waits for the page is told
            self._trouble = f"{type(error).__name__}: {error}"
            self._news.set()

    async def _repeat(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._run(fragment)

    def _clear_timers(self, fragments: Iterable[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment).cancel()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not self._trouble and not holds():
            self._news.clear()
            await self._news.wait()
        if self._trouble:
            raise RuntimeError(f"the page shows: {self._trouble}")


class CodeVisitor(StreamlitVisitor):
    """One in the mode with the code interpreter. Comes back as itself: it has a kernel."""

    has_settings = False
    comes_back = True
    mode = "code"
