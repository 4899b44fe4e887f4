"""Links to the kernel's files in answers, as models write them."""

from __future__ import annotations

import time

import pytest

from glm.sandbox.links import FileLink, file_links, file_path, replace_links


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("sandbox:/mnt/data/report.docx", "report.docx"),
        ("sandbox:/mnt/data/out/a%20b.csv", "out/a b.csv"),
        ("sandbox:/mnt/data/销售 报告.csv", "销售 报告.csv"),
        ("sandbox:/mnt/data/%E9%94%80.csv", "销.csv"),
        ("SANDBOX:/mnt/data/x", "x"),
        ("sandbox:///mnt/data/x", "x"),
        ("sandbox:/mnt/data/./a//b", "a/b"),
        ("sandbox:x.csv", "x.csv"),
        ("/mnt/data/x.csv", "x.csv"),
        ("sandbox:/mnt/data/x.csv?download=1#top", "x.csv"),
        ("sandbox:/mnt/data/100%.txt", "100%.txt"),
        ("sandbox:/mnt/data/../secret", None),
        ("sandbox:/mnt/data/%2e%2e/secret", None),
        ("sandbox:/mnt/data/a/..%2f..%2fsecret", None),
        ("sandbox:/mnt/data/a%00b", None),
        ("sandbox:/mnt/data/..%5csecret", None),
        ("sandbox:/mnt/data/", None),
        ("sandbox:/mnt/data", None),
        ("sandbox:/mnt/data/folder/", None),
        ("sandbox:/etc/passwd", None),
        ("sandbox:", None),
        ("x.csv", None),
        ("/etc/passwd", None),
        ("/mnt/database/x", None),
        ("https://example.org/mnt/data/x", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_a_target_names_a_file_or_none(target: str, path: str | None) -> None:
    assert file_path(target) == path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [the table](sandbox:/mnt/data/a.csv).", "See [the table](/f/a.csv)."),
        ("![plot](sandbox:/mnt/data/p.png)", "![plot](/f/p.png)"),
        ("[a](sandbox:/mnt/data/a.csv)[b](sandbox:/mnt/data/b.csv)", "[a](/f/a.csv)[b](/f/b.csv)"),
        ("[x](</mnt/data/a b.csv>)", "[x](/f/a%20b.csv)"),
        ("[x](sandbox:/mnt/data/a b.csv)", "[x](/f/a%20b.csv)"),
        ("[x](sandbox:/mnt/data/report (1).csv)", "[x](/f/report%20%281%29.csv)"),
        ('[x](sandbox:/mnt/data/a.csv "A title")', "[x](/f/a.csv)"),
        ("[下载 [1]](sandbox:/mnt/data/图.csv)。", "[下载 [1]](/f/%E5%9B%BE.csv)。"),
        ("[](sandbox:/mnt/data/a.csv)", "[a.csv](/f/a.csv)"),
        ("文件在 sandbox:/mnt/data/图.csv。请看", "文件在 [图.csv](/f/%E5%9B%BE.csv)。请看"),
        ("(sandbox:/mnt/data/a.csv), done", "([a.csv](/f/a.csv)), done"),
        ("[x](https://example.org) [y](/mnt/other)", "[x](https://example.org) [y](/mnt/other)"),
        ("`[x](sandbox:/mnt/data/a)` [x](sandbox:/mnt/data/a)", "`[x](sandbox:/mnt/data/a)` [x](/f/a)"),
        ("```\n[x](sandbox:/mnt/data/a)\n```\n[x](/mnt/data/a)", "```\n[x](sandbox:/mnt/data/a)\n```\n[x](/f/a)"),
        ("~~~py\nsandbox:/mnt/data/a\n", "~~~py\nsandbox:/mnt/data/a\n"),
        ("a ` b [x](sandbox:/mnt/data/a)", "a ` b [x](/f/a)"),
        ("``a ` b`` [x](sandbox:/mnt/data/a) `", "``a ` b`` [x](/f/a) `"),
        ("[unfinished](sandbox:/mnt/da", "[unfinished](sandbox:/mnt/da"),
        ("[gone](sandbox:/mnt/data/gone.csv)!", "gone!"),
        ("[out](sandbox:/mnt/data/../x)", "[out](sandbox:/mnt/data/../x)"),
        ("](sandbox:/mnt/data/a)", "]([a](/f/a))"),
    ],
)
def test_links_in_answers_lead_to_files(text: str, shown: str) -> None:
    assert replace_links(text, lambda path: None if "gone" in path else f"/f/{path}") == shown


def test_a_link_says_where_it_stands() -> None:
    text = "a ![b](sandbox:/mnt/data/c.png) d"
    assert file_links(text) == [FileLink(2, len(text) - 2, "b", "c.png", picture=True)]


def test_an_address_cannot_break_out_of_the_link() -> None:
    assert replace_links("[x](sandbox:/mnt/data/a)", lambda path: 'j) <b onclick="x">\n') == (
        "[x](j%29%20%3Cb%20onclick%3D%22x%22%3E%0A)".replace("%3D", "=")
    )


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "]", "](", "](sandbox:/mnt/data/", "`", "`` ` ", "```\n", "sandbox:/", "sandbox:/mnt/data/a ", "("),
        *("[x](sandbox:", "](sandbox:" + " " * 200 + ")", "![](sandbox:/mnt/data/\n"),
    ],
)
def test_hostile_answers_take_linear_time(piece: str) -> None:
    start = time.process_time()
    file_links(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 3
