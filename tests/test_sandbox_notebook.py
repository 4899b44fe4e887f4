"""A session as a notebook: valid, inert, and it runs again."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from glm.sandbox.notebook import NotebookCode, NotebookText, notebook_file
from glm.sandbox.values import CellDone, ErrorOutput, HtmlOutput, ImageOutput, NoticeOutput, Output, TextOutput


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 2)).save(file, "PNG")
    return file.getvalue()


def ran(code: str, *outputs: Output, ending: str = "ok", count: int = 1) -> NotebookCode:
    return NotebookCode(code, CellDone(outputs, ending, 0.1, count))  # type: ignore[arg-type]


def cells(*parts: NotebookText | NotebookCode) -> list[dict]:
    data = notebook_file(parts)
    nbformat.validate(nbformat.reads(data.decode(), as_version=4))
    return json.loads(data)["cells"]


def test_every_kind_of_output_is_kept_in_order() -> None:
    question, cell = cells(
        NotebookText("Plot **it**"),
        ran(
            "1 + 1",
            TextOutput("hello\n"),
            TextOutput("careful\n", "stderr"),
            ImageOutput(png(), "png", 4, 2, "<Figure>", 2.0),
            HtmlOutput("<table><tr><td>1</td></tr></table>", "1"),
            TextOutput("2", "result"),
            NoticeOutput("text_cut", "the text was cut"),
            ErrorOutput("KeyError", "'x'", "Cell In[1], line 1\nKeyError: 'x'"),
            ending="error",
            count=7,
        ),
    )
    assert (question["cell_type"], question["source"]) == ("markdown", ["Plot **it**"])
    assert (cell["execution_count"], cell["metadata"]) == (7, {"tags": ["raises-exception"]})
    printed, warned, picture, table, result, notice, error = cell["outputs"]
    assert (printed["name"], printed["text"], warned["name"]) == ("stdout", ["hello\n"], "stderr")
    assert base64.b64decode(picture["data"]["image/png"]) == png()
    assert picture["metadata"] == {"image/png": {"width": 2, "height": 1}}
    assert "<td>1</td>" in "".join(table["data"]["text/html"]) and table["data"]["text/plain"] == ["1"]
    assert result["data"]["text/plain"] == ["2"]
    assert notice["text"] == ["[the text was cut]\n"]
    assert (error["ename"], error["evalue"], error["traceback"][-1]) == ("KeyError", "'x'", "KeyError: 'x'")


def test_the_notebook_holds_no_markup_that_acts() -> None:
    html = (
        "<style>*{}</style><script>alert(1)</script><img src=x onerror=alert(1)><img src='https://example.org/i.png'>"
        "<a href='javascript:alert(1)'>a</a><a href='data:text/html,x'>b</a><iframe src=x></iframe>"
        "<table border='1'><tr><td style='x' onclick='y'>cell</td></tr></table><img src='data:image/png;base64,AA=='>"
    )
    (cell,) = cells(ran("x", HtmlOutput(html, "t")))
    kept = "".join(cell["outputs"][0]["data"]["text/html"])
    assert "cell" in kept and "data:image/png" in kept
    for forbidden in ("script", "onerror", "onclick", "style", "example.org", "iframe", "text/html", "alert"):
        assert forbidden not in kept


@pytest.mark.parametrize(
    ("code", "portable"),
    [
        ('open("/mnt/data/a.csv")', 'open("./a.csv")'),
        ("f'/mnt/data/{name}.csv'", "f'./{name}.csv'"),
        ('os.listdir("/mnt/data")', 'os.listdir(".")'),
        ('"/mnt/data/" + name', '"./" + name'),
        ("!ls /mnt/data\n", "!ls .\n"),
        ('"/mnt/database/x"', '"/mnt/database/x"'),
        ('"/other/mnt/data/x"', '"/other/mnt/data/x"'),
        ("print('你好 \ud800')", "print('你好 ?')"),
    ],
)
def test_paths_become_paths_beside_the_notebook(code: str, portable: str) -> None:
    *note, cell = cells(NotebookCode(code))
    assert "".join(cell["source"]) == portable
    assert cell["execution_count"] is None and cell["outputs"] == []
    assert bool(note) == ("/mnt/data" in code and portable != code)


def test_the_same_session_gives_the_same_file() -> None:
    parts = [NotebookText("a"), ran("1", TextOutput("1", "result"))]
    assert notebook_file(parts) == notebook_file(parts)
    assert notebook_file([]).endswith(b"}\n")
    assert nbformat.reads(notebook_file([]).decode(), as_version=4).cells == []


def test_it_replays(tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    (tmp_path / "a.csv").write_text("x\n1\n")
    data = notebook_file(
        [
            NotebookText("How many lines?"),
            ran('lines = open("/mnt/data/a.csv").readlines()\nprint(len(lines))', TextOutput("2\n")),
            ran("1/0", ErrorOutput("ZeroDivisionError", "division by zero", "x"), ending="error"),
            ran("len(lines) + 1", TextOutput("3", "result")),
        ]
    )
    book = nbformat.reads(data.decode(), as_version=4)
    resources = {"metadata": {"path": tmp_path}}
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3", resources=resources).execute()
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code[0].outputs[0].text == "2\n"
    assert code[1].outputs[0].ename == "ZeroDivisionError"
    assert code[2].outputs[0].data["text/plain"] == "3"
