"""A session as a Jupyter notebook: what was asked and said as text, every cell with its outputs.

The notebook runs elsewhere: cells that failed are marked so that a replay goes on past
them, and paths below the kernel's folder become paths beside the notebook.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from glm.sandbox.plain_text import clean_text
from glm.sandbox.values import CellDone, ErrorOutput, HtmlOutput, ImageOutput, NoticeOutput, Output, TextOutput

_FOLDER = re.compile(r"(?<![\w.~/-])(?:sandbox:)?/mnt/data(?:/+(?=[^\s\"'])|/*(?=[\"'\s)]|$))")
_REPLAY = "Files that the code reads belong beside this notebook."


@dataclass(frozen=True, slots=True)
class NotebookText:
    """Something that was asked or said, in Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class NotebookCode:
    """A cell that ran: its code and how it ended. With `done` None it did not run."""

    code: str
    done: CellDone | None = None


NotebookPart: TypeAlias = NotebookText | NotebookCode


def notebook_file(parts: Iterable[NotebookPart]) -> bytes:
    """The `.ipynb` file of a session: JSON of notebook format 4.5, checked, with the same bytes for the same parts.

    Needs the package nbformat. What a page must not run is not in it: tables keep their
    structure but no scripts and styles.
    """
    import nbformat  # slow to import, and needed by this function only

    cells = []
    reads_files = False
    for number, part in enumerate(parts, 1):
        if isinstance(part, NotebookText):
            cell = nbformat.v4.new_markdown_cell(clean_text(part.markdown))
        else:
            cell = nbformat.v4.new_code_cell(_portable(part.code))
            reads_files = reads_files or bool(_FOLDER.search(part.code))
            if part.done:
                cell.execution_count = part.done.execution_count or None
                cell.outputs = [nbformat.from_dict(_output(output)) for output in part.done.outputs]
                if part.done.ending != "ok":
                    cell.metadata["tags"] = ["raises-exception"]
        cell["id"] = f"cell-{number}"  # a random one would make every export another file
        cells.append(cell)
    if reads_files:
        note = nbformat.v4.new_markdown_cell(_REPLAY)
        note["id"] = "cell-0"
        cells.insert(0, note)
    book = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(book)
    return (nbformat.writes(book, version=4) + "\n").encode("utf-8")


def _portable(code: str) -> str:
    """Code with `/mnt/data/a.csv` as `./a.csv`; nothing else changes but what no file can hold."""
    code = code.encode("utf-8", "replace").decode("utf-8")
    return _FOLDER.sub(lambda match: "./" if match.group().endswith("/") else ".", code)


def _output(output: Output) -> dict[str, Any]:
    """The output as notebooks have it."""
    if isinstance(output, TextOutput):
        if output.stream != "result":
            return {"output_type": "stream", "name": output.stream, "text": output.text}
        return _display({"text/plain": output.text})
    if isinstance(output, ImageOutput):
        mime = f"image/{output.kind}"
        data = {mime: base64.b64encode(output.data).decode("ascii"), "text/plain": output.text}
        size = {"width": round(output.width / output.scale), "height": round(output.height / output.scale)}
        return _display(data, {mime: size} if output.scale != 1 else {})
    if isinstance(output, HtmlOutput):
        return _display({"text/html": _inert(output.html), "text/plain": output.text})
    if isinstance(output, ErrorOutput):
        lines = output.traceback.split("\n")
        return {"output_type": "error", "ename": output.name, "evalue": output.message, "traceback": lines}
    assert isinstance(output, NoticeOutput)
    return {"output_type": "stream", "name": "stderr", "text": f"[{output.text}]\n"}


def _display(data: dict[str, str], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def _inert(html: str) -> str:
    """Markup without scripts, styles, pictures from elsewhere and links that act."""
    import nh3

    return nh3.clean(html, url_schemes={"http", "https", "mailto", "data"}, attribute_filter=_harmless)


def _harmless(element: str, attribute: str, value: str) -> str | None:
    """Keeps pictures that are in the text itself; one from elsewhere would tell that the notebook was opened."""
    if element == "img" and attribute == "src" and not value.startswith("data:image/"):
        return None
    return None if element == "a" and value.startswith("data:") else value
