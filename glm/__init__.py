"""glm: talk to GLM models. This is the public interface.

    import glm

    engine = glm.load_engine()  # None is the built-in model
    chat = glm.Conversation(engine)
    for event in chat.send("Hello"):
        if isinstance(event, glm.TextDelta):
            print(event.text, end="", flush=True)

Importing it is cheap: names are fetched when first used, torch and transformers
when a model is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glm.checkpoint import Checkpoint
    from glm.checkpoint import load_checkpoint as load_checkpoint
    from glm.conversation import Conversation as Conversation
    from glm.engine import Engine as Engine
    from glm.engine import EngineInfo as EngineInfo
    from glm.errors import CheckpointError as CheckpointError
    from glm.errors import ContextOverflowError as ContextOverflowError
    from glm.errors import ConversationError as ConversationError
    from glm.errors import EngineError as EngineError
    from glm.errors import GlmError as GlmError
    from glm.errors import ImportChatError as ImportChatError
    from glm.errors import SandboxError as SandboxError
    from glm.errors import SettingsError as SettingsError
    from glm.events import CallDelta as CallDelta
    from glm.events import Event as Event
    from glm.events import Finished as Finished
    from glm.events import MessageDone as MessageDone
    from glm.events import PromptProgress as PromptProgress
    from glm.events import Queued as Queued
    from glm.events import TextDelta as TextDelta
    from glm.events import ThoughtDelta as ThoughtDelta
    from glm.events import ToolCalled as ToolCalled
    from glm.events import ToolReturned as ToolReturned
    from glm.events import ToolShows as ToolShows
    from glm.messages import Message as Message
    from glm.messages import ToolCall as ToolCall
    from glm.messages import ToolResult as ToolResult
    from glm.messages import ToolSpec as ToolSpec
    from glm.scripted_engine import ScriptedEngine as ScriptedEngine
    from glm.settings import GenerationSettings as GenerationSettings
    from glm.tool_functions import tool as tool
    from glm.tools import Tool as Tool
    from glm.tools import Toolbox as Toolbox

__version__ = "0.1.0"

SCRIPTED = "scripted"
"""Name that stands for the engine without a model wherever a model is named."""

Progress = Callable[[str, float | None], None]
"""Told what is being done and, where known, the fraction of it that is done."""

_HOMES = {
    "glm.checkpoint": ("load_checkpoint",),
    "glm.conversation": ("Conversation",),
    "glm.engine": ("Engine", "EngineInfo"),
    "glm.errors": (
        "CheckpointError",
        "ContextOverflowError",
        "ConversationError",
        "EngineError",
        "GlmError",
        "ImportChatError",
        "SandboxError",
        "SettingsError",
    ),
    "glm.events": (
        "CallDelta",
        "Event",
        "Finished",
        "MessageDone",
        "PromptProgress",
        "Queued",
        "TextDelta",
        "ThoughtDelta",
        "ToolCalled",
        "ToolReturned",
        "ToolShows",
    ),
    "glm.messages": ("Message", "ToolCall", "ToolResult", "ToolSpec"),
    "glm.scripted_engine": ("ScriptedEngine",),
    "glm.settings": ("GenerationSettings",),
    "glm.tool_functions": ("tool",),
    "glm.tools": ("Tool", "Toolbox"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["SCRIPTED", "Progress", "__version__", "load_engine", *sorted(_MODULE_OF)]  # noqa: PLE0604


def load_engine(
    path_or_id: str | Path | None = None,
    *,
    dtype: str = "auto",
    device: str = "auto",
    quantize: str | None = None,
    generation: str | None = None,
    adapter: str | Path | None = None,
    hub: str = "huggingface",
    revision: str | None = None,
    gpus: int | None = None,
    progress: Progress | None = None,
    max_slots: int | None = None,
    kv_budget: int | None = None,
    own_process: bool = False,
) -> Engine:
    """An engine for a checkpoint folder or hub id; None is the built-in model, "scripted" needs none.

    An address such as http://192.168.1.20:8765 is that of a remote engine, whose model was loaded there.
    At most `max_slots` answers are written at once (None: 16), with at most `kv_budget` bytes of keys and values
    (None: a part of what is free); see docs/serving.md. With `own_process` the model is held by a new process, so
    that this one's Python and the model's do not wait for each other.
    The other arguments are those of `load_checkpoint`. Raises `CheckpointError` when
    the checkpoint cannot be loaded, `EngineError` when a remote engine does not answer.
    Close the engine when done with it.
    """
    from glm.engine import is_address

    if path_or_id == SCRIPTED:
        from glm.scripted_engine import ScriptedEngine

        return ScriptedEngine(delay=0.02)
    if isinstance(path_or_id, str) and is_address(path_or_id):
        from glm.remote_engine import RemoteEngine

        return RemoteEngine(path_or_id)
    loading: dict[str, Any] = {
        "dtype": dtype,
        "device": device,
        "quantize": quantize,
        "generation": generation,
        "adapter": adapter,
        "hub": hub,
        "revision": revision,
        "gpus": gpus,
    }
    if own_process:
        from glm.process_engine import ProcessEngine

        return ProcessEngine(path_or_id, loading | {"max_slots": max_slots, "kv_budget": kv_budget}, progress=progress)
    from glm.checkpoint import load_checkpoint
    from glm.torch_engine import MAX_SLOTS, TorchEngine

    def load() -> Checkpoint:
        return load_checkpoint(path_or_id, **loading, progress=progress)

    return TorchEngine(load, max_slots=max_slots or MAX_SLOTS, kv_budget=kv_budget)


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'glm' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
