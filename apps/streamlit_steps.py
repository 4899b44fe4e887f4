"""Conversations with calls: a call is drawn together with its answer, and while it runs with what it shows.

What is complete is drawn once and can be worked with; what is going on is drawn anew for every frame.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from apps import streamlit_chat, streamlit_frame
from apps.live import Live
from apps.running import RunningAnswer
from apps.steps import Called, Said, Step, steps
from apps.streamlit_view import View
from glm.messages import ToolResult
from glm.sandbox.values import Output

_WORTH_TELLING = 0.05  # seconds; less is at once


@dataclass(frozen=True, slots=True)
class Performed:
    """A call to draw. `number` counts the calls of the conversation from 1, `attempt` those since the last success.

    `result` None: nobody has answered yet. `running` tells that it is at work, and has shown `outputs` so far.
    `live`: an answer is being made, so there is nothing to decide or to change, and this may be drawn many times.
    """

    step: Called
    number: int
    attempt: int
    result: ToolResult | None = None
    running: bool = False
    live: bool = False
    outputs: Sequence[Output] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a mode draws: a call, one being written (the tool's name, the text so far), an empty conversation.

    `said` draws everything else, `above` and `below` what stands around the history. `compose` makes the message
    of what was typed.
    """

    call: Callable[[View, Performed], None]
    writing: Callable[[View, str, str], None]
    welcome: Callable[[View], None]
    said: Callable[[View, Said, bool], None]
    compose: Callable[[View, str], str] = streamlit_chat.with_attachments
    above: Callable[[View], None] = lambda view: None
    below: Callable[[View], None] = lambda view: None


def draw(view: View, how: Drawing) -> None:
    """Draw the conversation, the box below it and, as long as it takes, the running answer."""
    chat = view.chat
    running = chat.running if view.busy else None
    if running is not None:
        running.wait_begun(streamlit_chat.BEGIN_SECONDS)
    how.above(view)
    shown = steps(chat.messages)
    complete = _complete(shown) if running is not None else len(shown)
    history = streamlit_frame.fresh("steps", (view.mode, chat.id, bool(shown or running)))
    with history:
        for place in range(complete):
            last = running is None and place == len(shown) - 1
            with st.container():
                _draw_step(view, how, shown, place, last=last, live=running is not None)
        if not shown and running is None:
            how.welcome(view)
        if running is None:
            streamlit_chat.draw_end(view)
    how.below(view)
    streamlit_chat.draw_box(view, how.compose)
    streamlit_frame.finish(view)
    if running is not None:
        with history:
            _draw_running(view, how, running, complete)


def key_of(view: View, performed: Performed, kind: str) -> str | None:
    """A key for the container of a call; None while it is drawn many times in one run of the script."""
    if performed.live and performed.result is None:
        return None
    return f"{kind}-{view.chat.id}-{performed.step.index}"


def draw_heading(view: View, performed: Performed, title: str) -> None:
    """The line above a call: its title, which attempt it is, how it stands."""
    result = performed.result
    state, words = "waiting", view.text("cell_waiting")
    if performed.running:
        state, words = "busy", view.text("cell_running")
    elif result is not None:
        state = "failed" if result.is_error else "done"
        words = view.text("instant")
        if result.seconds >= _WORTH_TELLING:
            words = view.text("seconds", seconds=f"{result.seconds:.1f}")
    parts = [f"<b>{html.escape(title)}</b>"]
    if performed.attempt > 1:
        most = view.chat.conversation.max_rounds
        parts.append(f"<em>{html.escape(view.text('attempt', number=performed.attempt, most=most))}</em>")
    parts.append(f'<span class="state {state}">{html.escape(words)}</span>')
    st.html(f'<div class="cell-heading">{"".join(parts)}</div>')


def draw_consent(view: View, allow: str, refuse: str, refusal: str) -> None:
    """The buttons for a call that waits for consent, labelled by the keys `allow` and `refuse`.

    `refusal` is what the model is told when it is not given.
    """
    st.button(
        view.text(allow), key="approve", type="primary", icon=":material/play_arrow:",
        on_click=streamlit_chat.begin, args=(view, lambda chat: chat.conversation.approve()),
    )  # fmt: skip
    refused = ToolResult(f"Error: {refusal}", is_error=True)
    st.button(
        view.text(refuse), key="refuse", icon=":material/block:",
        on_click=streamlit_chat.begin, args=(view, lambda chat: chat.conversation.resume(refused)),
    )  # fmt: skip


def draw_cannot_call(view: View) -> None:
    """A word above the conversation when the model was not taught to call anything."""
    info = view.chat.conversation.engine.info
    if not info.calls_tools:
        st.info(view.text("no_tools_model", model=info.name), icon=":material/info:")


def draw_writing(view: View, words: str, title: str = "") -> None:
    """The line above a call that is being written."""
    name = f"<b>{html.escape(title)}</b>" if title else ""
    st.html(f'<div class="cell-heading">{name}<span class="state busy">{html.escape(words)}</span></div>')


def _draw_running(view: View, how: Drawing, running: RunningAnswer, drawn: int) -> None:
    chat, live = view.chat, Live()
    places = [st.empty() for _ in range(streamlit_chat.PLACES)]
    begun = drawn
    before: object = None
    for batch in running.batches(streamlit_chat.FRAME_SECONDS):
        live.feed(batch)
        shown = steps(chat.whole_messages(live))
        complete = _complete(shown)
        if complete < drawn:
            st.rerun()
        for place in range(drawn, complete):
            with places[min(place - begun, len(places) - 2)].container():
                _draw_step(view, how, shown, place, last=False, live=True)
        drawn = complete
        outputs = running.outputs
        now = (len(shown), live.text, live.thought, live.header, streamlit_chat.note(view, live), outputs)
        if running.done or now == before:
            st.session_state.get("drawn")  # lets a click, or the end of the connection, end this run
            continue
        before = now
        with places[min(complete - begun, len(places) - 1)].container():
            _draw_tail(view, how, live, shown, complete, outputs)
        streamlit_chat.pause(running, len(live.text))
    st.rerun()


def _draw_tail(
    view: View, how: Drawing, live: Live, shown: Sequence[Step], complete: int, outputs: tuple[Output, ...]
) -> None:
    for place in range(complete, len(shown)):
        step = shown[place]
        assert isinstance(step, Called)
        first = place == complete
        how.call(view, _performed(view, shown, place, live=True, running=first, outputs=outputs if first else ()))
    if complete < len(shown):
        return
    with st.chat_message("assistant"):
        if live.header:
            how.writing(view, live.header, live.text)
        elif live.text or live.thought:
            streamlit_chat.draw_live(view, live)
        else:
            st.html(f'<span class="waiting">{html.escape(streamlit_chat.note(view, live))}</span>')


def _draw_step(view: View, how: Drawing, shown: Sequence[Step], place: int, *, last: bool, live: bool) -> None:
    step = shown[place]
    if isinstance(step, Said):
        how.said(view, step, last)
    else:
        how.call(view, _performed(view, shown, place, live=live))


def _performed(
    view: View,
    shown: Sequence[Step],
    place: int,
    *,
    live: bool,
    running: bool = False,
    outputs: Sequence[Output] = (),
) -> Performed:
    step = shown[place]
    assert isinstance(step, Called)
    calls = [earlier for earlier in shown[: place + 1] if isinstance(earlier, Called)]
    attempt = 1
    for earlier in reversed(shown[:place]):
        if isinstance(earlier, Said) and earlier.message.role == "user":
            break
        if isinstance(earlier, Called):
            failed = _result(view, earlier)
            if failed is None or not failed.is_error:
                break
            attempt += 1
    return Performed(step, len(calls), attempt, _result(view, step), running, live, outputs)


def _result(view: View, step: Called) -> ToolResult | None:
    """What the call gave: as it was kept, or at least its text."""
    if step.answer is None or step.answer_index is None:
        return None
    kept = view.chat.results.get(step.answer_index)
    return kept or ToolResult(step.answer.content, is_error=step.answer.content.startswith("Error: "))


def _complete(shown: Sequence[Step]) -> int:
    """How many steps at the beginning will not change any more while an answer is made."""
    for place, step in enumerate(shown):
        later = shown[place:]
        if all(isinstance(rest, Called) for rest in later) and isinstance(step, Called) and step.answer is None:
            return place
    return len(shown)
