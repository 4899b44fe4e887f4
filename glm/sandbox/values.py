"""What comes out of a sandbox: outputs as plain values, events while a cell runs, and the limits that hold.

Everything here came from a hostile place and is checked before it becomes one of these values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class TextOutput:
    """Printed text or the text of a result, without control characters."""

    text: str
    stream: Literal["stdout", "stderr", "result"] = "stdout"


@dataclass(frozen=True, slots=True)
class ImageOutput:
    """A picture whose format and size were read from its own bytes. Width and height in pixels."""

    data: bytes = field(repr=False)
    kind: Literal["png", "jpeg"]
    width: int
    height: int
    text: str = ""
    scale: float = 1.0
    """Pixels of the picture per pixel of the page: 2.0 for a figure drawn twice as fine as it is shown."""


@dataclass(frozen=True, slots=True)
class HtmlOutput:
    """A table or other markup: for a sandboxed frame without scripts, never for the page. `text` says it without."""

    html: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorOutput:
    """An exception: its name, message, and a traceback trimmed to what concerns the cell, as plain text."""

    name: str
    message: str
    traceback: str


NoticeKind: TypeAlias = Literal[
    "text_cut", "outputs_cut", "image_refused", "timeout", "killed", "died", "variables_lost", "started_anew"
]


@dataclass(frozen=True, slots=True)
class NoticeOutput:
    """Something the sandbox itself says, in English: a cut, a kill, lost variables. `kind` names it for translation."""

    kind: NoticeKind
    text: str


Output: TypeAlias = TextOutput | ImageOutput | HtmlOutput | ErrorOutput | NoticeOutput

Ending: TypeAlias = Literal["ok", "error", "interrupted", "timeout", "died"]
"""How a cell ended. After "timeout" and "died" variables may be lost: see `CellDone.variables_lost`."""


@dataclass(frozen=True, slots=True)
class OutputShown:
    """Output number `index` is this now: a new one, or one that grew or was replaced."""

    index: int
    output: Output


@dataclass(frozen=True, slots=True)
class OutputsCleared:
    """The outputs shown so far are gone (`clear_output`)."""


@dataclass(frozen=True, slots=True)
class CellDone:
    """The end of a cell, with all of its outputs in order."""

    outputs: tuple[Output, ...]
    ending: Ending
    seconds: float
    execution_count: int
    variables_lost: bool = False


CellEvent: TypeAlias = OutputShown | OutputsCleared | CellDone


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the kernel, for people to look at: what the kernel said of it, cleaned and cut."""

    name: str
    type: str
    """Name of its class, such as "DataFrame"."""
    shape: tuple[int, ...] | None
    """Rows and columns of a table, dimensions of an array, length of a text or collection; None for what has none."""
    text: str
    """Its value or the beginning of it, a table's columns, an array's element type; "" for what cannot be said."""


@dataclass(frozen=True, slots=True)
class SandboxState:
    """What a sandbox's kernel does at the moment.

    "none": not started yet, or closed; the first cell starts it. "lost": it is gone and its
    variables with it; the next cell gets a new one. `idle_seconds_left`: until an idle kernel
    is ended to save memory; None in every other state.
    """

    kernel: Literal["none", "starting", "idle", "busy", "lost"]
    idle_seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a kernel may use. Times in seconds, sizes in bytes unless said otherwise."""

    cell_seconds: float = 60.0
    grace_seconds: float = 3.0
    text_characters: int = 1_000_000
    messages: int = 2_000
    outputs: int = 50
    display_bytes: int = 8 * 2**20
    image_bytes: int = 4 * 2**20
    image_pixels: int = 40_000_000
    address_space: int = 4 * 2**30
    memory: int = 2 * 2**30
    """Of all processes of a kernel together, proportional set size."""
    processes: int = 128
    open_files: int = 256
    file_bytes: int = 64 * 2**20
    work_bytes: int = 256 * 2**20
    work_files: int = 20_000
    upload_bytes: int = 20 * 2**20
    kernels: int = 8
    kernels_per_owner: int = 2
    idle_seconds: float = 20 * 60.0
