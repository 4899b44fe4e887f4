"""Load the engine in the background while the page is already open.

`EngineLoader` runs the loading in a thread and tells how far it is. `WaitingEngine` is an
`Engine` from the first moment on: a request made too early waits for the real engine, and can
be stopped while it waits.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glm.engine import Engine, EngineInfo, is_address
from glm.errors import CheckpointError, EngineError, as_load_error
from glm.events import EngineEvent, Finished, PromptProgress
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

Progress = Callable[[str, float | None], None]
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")
_TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class LoadState:
    """How far loading is: `note` in words, `fraction` 0 to 1 or None when unknown."""

    stage: Literal["loading", "ready", "failed"]
    note: str = ""
    fraction: float | None = None


class EngineLoader:
    """Runs `load` once in a thread of its own. `name` is what the page calls the model meanwhile."""

    def __init__(self, load: Callable[[Progress], Engine], *, name: str = "") -> None:
        self.name = name
        self.error: BaseException | None = None
        self.state = LoadState("loading")
        self.failure_was_shown = threading.Event()
        self._load = load
        self._engine: Engine | None = None
        self._done = threading.Event()

    def start(self) -> EngineLoader:
        """Begin loading; returns itself."""
        threading.Thread(target=self._run, name="engine-loader", daemon=True).start()
        return self

    @property
    def engine(self) -> Engine | None:
        """The engine once it is loaded."""
        return self._engine

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until loading has ended, well or badly; False when `timeout` seconds passed before."""
        return self._done.wait(timeout)

    def close(self) -> None:
        """Free the engine, if there is one."""
        if self._engine is not None:
            self._engine.close()

    def _run(self) -> None:
        try:
            self._engine = self._load(self._report)
        except Exception as error:
            self.error = error
            self.state = LoadState("failed", str(as_load_error(error)))
        else:
            self.state = LoadState("ready", fraction=1.0)
        finally:
            self._done.set()

    def _report(self, note: str, fraction: float | None = None) -> None:
        if note.endswith("\n"):  # what was decided, not what is going on: it stays on the terminal
            print(note, end="", flush=True)
        self.state = LoadState("loading", note.strip(), fraction)


class WaitingEngine:
    """The loader's engine as an `Engine` that may be used before it is loaded."""

    def __init__(self, loader: EngineLoader) -> None:
        self._loader = loader

    @property
    def info(self) -> EngineInfo:
        """The engine's own, or a context of 0 while it is loading."""
        engine = self._loader.engine
        return engine.info if engine is not None else EngineInfo(self._loader.name, "", "", 0)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """Wait for the engine, then its stream. While waiting, ``PromptProgress(0, 0)`` comes regularly."""
        while not self._loader.wait(_TICK_SECONDS):
            if stop is not None and stop.is_set():
                yield Finished("cancelled")
                return
            yield PromptProgress(0, 0)
        engine = self._loader.engine
        if engine is None:
            raise EngineError(self._loader.state.note)
        yield from engine.stream(messages, tools=tools, settings=settings, stop=stop, visitor=visitor)

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """The engine's count, 0 while it is loading."""
        engine = self._loader.engine
        return engine.count_tokens(messages, tools=tools) if engine is not None else 0

    def call_message(self, call: ToolCall) -> Message:
        """The engine's. Raises `EngineError` while it is loading."""
        engine = self._loader.engine
        if engine is None:
            raise EngineError("the model is still being loaded; wait a moment and try again")
        return engine.call_message(call)

    def close(self) -> None:
        """Free the engine, if there is one."""
        self._loader.close()


def check_model_name(model: str | None) -> None:
    """Find the mistakes that show without loading: a missing folder, one without config or weights.

    Raises `CheckpointError`. None, "scripted", addresses and anything shaped like a hub id pass.
    """
    if model is None or model == "scripted" or is_address(model):
        return
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise CheckpointError(
                f"folder {model!r} has no config.json, so it is no checkpoint; name the folder that has one"
            )
        if not any(next(folder.glob(pattern), None) for pattern in _WEIGHTS):
            raise CheckpointError(
                f"folder {model!r} has no weights (*.safetensors); copy or download the missing files"
            )
    elif folder.exists():
        raise CheckpointError(f"{model!r} is a file; name the folder of the checkpoint instead")
    elif not _HUB_ID.fullmatch(model) or model.startswith("."):
        raise CheckpointError(
            f"there is no folder {model!r}; check the path, or leave --model out for the built-in model"
        )
    elif "/" not in model:
        raise CheckpointError(
            f"{model!r} is neither a folder here nor a hub id such as THUDM/chatglm3-6b; "
            "check the name, or leave --model out for the built-in model"
        )
