"""Markup of a sandbox in a frame: it is shown, and nothing in it can act."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

from apps.frames import Frames


def client(frames: Frames) -> TestClient:
    return TestClient(Starlette(routes=[frames.route()]))


def test_markup_is_served_as_a_page_that_can_do_nothing() -> None:
    frames = Frames()
    shown = client(frames).get(frames.address("<table><tr><td>1</td></tr></table><script>alert(1)</script>"))
    assert "<td>1</td>" in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';") and "allow-" not in policy and "script-src" not in policy


def test_an_address_is_the_same_each_time_and_cannot_be_guessed() -> None:
    one, other = Frames(), Frames()
    assert one.address("<b>a</b>") == one.address("<b>a</b>") != one.address("<b>b</b>")
    assert one.address("<b>a</b>") != other.address("<b>a</b>")
    assert client(one).get("/cell-frame/0123").status_code == 404


def test_the_oldest_markup_makes_room_and_says_so() -> None:
    frames = Frames(limit=100)
    old, new = frames.address("a" * 80), frames.address("b" * 80)
    gone = client(frames).get(old)
    assert (gone.status_code, "run the cell again" in gone.text) == (404, True)
    assert "b" * 80 in client(frames).get(new).text


def test_colours_follow_the_page() -> None:
    frames = Frames()
    assert "color-scheme:dark" in client(frames).get(frames.address("x", dark=True)).text
    assert "color-scheme:light" in client(frames).get(frames.address("x")).text


def test_a_picture_is_served_as_what_it_is_and_at_another_address_than_the_same_bytes_as_markup() -> None:
    frames = Frames()
    picture = frames.picture(b"\x89PNG", "png")
    shown = client(frames).get(picture)
    assert (shown.content, shown.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert shown.headers["content-security-policy"].startswith("sandbox;")
    assert frames.picture(b"x", "png") != frames.address("x").partition("?")[0]
