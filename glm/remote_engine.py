"""RemoteEngine: an engine in another process or on another computer, started there with ``python -m glm engine``."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from glm import wire
from glm.engine import KEY_VARIABLE, EngineInfo, is_address
from glm.errors import EngineError, GlmError
from glm.events import EngineEvent, Finished
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

_LOOK_SECONDS = 0.05
_SILENCE_SECONDS = 30.0
_STOP_SECONDS = 5.0
_UNREACHABLE = "the engine at {url} does not answer ({reason}); is `python -m glm engine` running there?"
_WRONG_KEY = "the engine at {url} refuses the key; set {variable} to the one it printed when it was started"


class RemoteEngine:
    """An `Engine` over the one at `url`, such as http://192.168.1.20:8765; `key` is what it asks for.

    Raises `EngineError` when it cannot be reached or refuses the key, here and in every method.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        parts = urlsplit(url)
        if not is_address(url) or not parts.hostname or parts.path not in ("", "/") or parts.username:
            raise EngineError(f"{url!r} is not the address of an engine; it looks like http://192.168.1.20:8765")
        self._url = f"{parts.scheme}://{parts.netloc}"
        key = os.environ.get(KEY_VARIABLE, "") if key is None else key
        # No proxy: an engine is in this house, and its key is nobody else's.
        self._client = httpx2.Client(
            base_url=self._url,
            headers={"authorization": f"Bearer {key}"},
            timeout=httpx2.Timeout(_SILENCE_SECONDS, connect=5.0),
            limits=httpx2.Limits(max_connections=None),
            trust_env=False,
        )
        try:
            info = wire.read_line(self._request("GET", "/info").decode())
            if not isinstance(info, EngineInfo):
                raise EngineError(f"{url} is not an engine of this program; start one with: python -m glm engine")
        except GlmError:
            self.close()
            raise
        self._info = info

    @property
    def info(self) -> EngineInfo:
        """As the engine last described itself: it may have been started anew with another model."""
        return self._info

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """Length in tokens of the prompt of these messages."""
        body = self._request("POST", "/count_tokens", wire.ask_body(messages, tools, None, "", ""))
        return wire.read_count(body)

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`."""
        return wire.read_message(self._request("POST", "/call_message", wire.call_body(call)))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """See `Engine.stream`."""
        key = secrets.token_hex(12)
        reading = _Reading(self._client, wire.ask_body(messages, tools, settings, visitor, key))
        told = finished = False
        try:
            while not finished:
                if stop is not None and stop.is_set() and not told:
                    told = True
                    self._tell_to_stop(key)
                item = reading.next(_LOOK_SECONDS)
                if item is None:
                    continue
                if isinstance(item, Exception):
                    raise self._as_engine_error(item)
                value = wire.read_line(item)
                if isinstance(value, EngineInfo):
                    self._info = value
                    continue
                finished = isinstance(value, Finished)
                yield value
        finally:
            reading.abandon()
            if not finished and not told:
                self._tell_to_stop(key)

    def close(self) -> None:
        """Let go of the connections; the engine itself goes on. Idempotent."""
        self._client.close()

    def _tell_to_stop(self, key: str) -> None:
        """Have the request stopped, without waiting: this may run on a thread that must not be held up."""

        def tell() -> None:
            with contextlib.suppress(EngineError):  # its stream has failed too then, and says so
                self._request("POST", f"/stop/{key}", timeout=_STOP_SECONDS)

        threading.Thread(target=tell, name="engine-stop", daemon=True).start()

    def _request(self, method: str, path: str, body: bytes | None = None, **options: Any) -> bytes:
        try:
            response = self._client.request(method, path, content=body, **options)
            return _checked(response).content
        except (httpx2.HTTPError, RuntimeError) as error:
            raise self._as_engine_error(error) from error

    def _as_engine_error(self, error: Exception) -> GlmError:
        if isinstance(error, GlmError):
            return error
        if isinstance(error, httpx2.HTTPStatusError) and error.response.status_code == 401:
            return EngineError(_WRONG_KEY.format(url=self._url, variable=KEY_VARIABLE))
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return EngineError(_UNREACHABLE.format(url=self._url, reason=reason))


class _Reading:
    """The lines of one stream, read by a thread, so that the reader can look at its `stop` in between."""

    def __init__(self, client: httpx2.Client, body: bytes) -> None:
        self._client = client
        self._body = body
        self._items: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
        self._abandoned = False
        threading.Thread(target=self._read, name="engine-lines", daemon=True).start()

    def next(self, seconds: float) -> str | Exception | None:
        """The next line, or why there is none; None after `seconds`."""
        try:
            return self._items.get(timeout=seconds)
        except queue.Empty:
            return None

    def abandon(self) -> None:
        """Nobody reads on: the thread ends with the next line."""
        self._abandoned = True

    def _read(self) -> None:
        try:
            with self._client.stream("POST", "/stream", content=self._body) as response:
                if response.status_code != 200:
                    response.read()
                    _checked(response)
                for text in response.iter_lines():
                    if self._abandoned:
                        return
                    if text:
                        self._items.put(text)
            self._items.put(EngineError("the engine ended the connection in the middle of the answer; try again"))
        except Exception as error:  # whatever it is, the reader has to hear of it
            self._items.put(error)


def _checked(response: httpx2.Response) -> httpx2.Response:
    """The response if it went well. Raises what the engine says, or `HTTPStatusError`."""
    if response.status_code == 400 and response.content.startswith(b"{"):
        wire.read_line(response.text)
    return response.raise_for_status()
