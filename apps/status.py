"""What a page says about the model: the status line, how far loading is, and why it failed. HTML, no widgets."""

from __future__ import annotations

import html

from apps.engine_loader import EngineLoader
from apps.live import Live
from apps.texts import Lang, text
from glm.conversation import Conversation
from glm.events import Finished


def loading_note(loader: EngineLoader) -> str:
    """How far the model's loading is, in words; "" when it says nothing."""
    state = loader.state
    percent = "" if state.fraction is None else f" {round(100 * state.fraction)} %"
    return f"{state.note}{percent}".strip()


def waiting_note(loader: EngineLoader, live: Live, lang: Lang) -> str:
    """What stands where the answer will be, as long as nothing of it is there: why, and how far it is."""
    if loader.state.stage == "loading":
        return text(lang, "waiting_for_model", progress=loading_note(loader))
    if live.queue_position:
        return queue_note(live, lang)
    if live.reading_percent is not None:
        return text(lang, "reading", percent=live.reading_percent)
    return text(lang, "waiting")


def queue_note(live: Live, lang: Lang) -> str:
    """Its place among the requests that wait, and about how long that takes; "" when it does not wait."""
    if not live.queue_position:
        return ""
    place = _ordinal(live.queue_position) if lang == "en" else live.queue_position
    if live.queue_seconds is None:
        return text(lang, "queued", place=place)
    return text(lang, "queued_about", place=place, seconds=max(1, round(live.queue_seconds)))


def status_html(
    loader: EngineLoader, conversation: Conversation, finished: Finished | None, lang: Lang, queue: str = ""
) -> str:
    """The line with model, device, dtype, tokens and speed; while loading, how far it is; `queue` while waiting."""
    state = loader.state
    if state.stage == "loading":
        name = html.escape(loader.name or text(lang, "built_in"))
        meter = _meter(state.fraction, "wide") if state.fraction is not None else ""
        parts = [f"<b>{text(lang, 'loading', model=name)}</b>", meter, html.escape(loading_note(loader))]
        return _status("loading", parts, separator=" ")
    if state.stage == "failed":
        return _status("failed", [text(lang, "load_failed")])
    if queue:
        return _status("loading", [html.escape(queue)])
    info = conversation.engine.info
    now = conversation.context_tokens() if conversation.messages and not finished else 0
    used = finished.context_tokens if finished else now
    tokens = text(lang, "status_tokens", used=f"{used:,}", limit=f"{info.context_length:,}")
    taken_for = html.escape(info.generation)
    parts = [f'<b title="{taken_for}">{html.escape(info.name)}</b>']
    kind = info.generation.partition(" (")[0]
    if kind.casefold() not in info.name.casefold():
        parts.append(f'<span title="{taken_for}">{html.escape(kind)}</span>')
    parts += [html.escape(part) for part in (info.device, info.dtype) if part and part != "none"]
    meter = _meter(min(1.0, used / info.context_length) if info.context_length else 0.0)
    hint = html.escape(text(lang, "status_tokens_hint"))
    parts.append(f'<span title="{hint}">{meter}{tokens}</span>')
    if finished and finished.tokens_per_second:
        parts.append(text(lang, "status_speed", speed=f"{finished.tokens_per_second:.1f}"))
        first = text(lang, "status_first", seconds=f"{finished.first_token_seconds:.1f}")
        return _status("ready", parts, extra=first)
    return _status("ready", parts)


def alert_html(loader: EngineLoader, lang: Lang) -> str:
    """A card that says why the model could not be loaded, or ""."""
    state = loader.state
    if state.stage != "failed":
        return ""
    loader.failure_was_shown.set()
    return (
        f'<div class="alert" role="alert"><b>{text(lang, "load_failed")}</b>{html.escape(state.note)}'
        f"<small>{text(lang, 'load_failed_next')}</small></div>"
    )


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _meter(fraction: float | None, size: str = "") -> str:
    width = max(0.0, min(1.0, fraction or 0.0)) * 100
    return f'<span class="meter {size}"><span style="width:{width:.1f}%"></span></span>'


def _status(stage: str, parts: list[str], *, separator: str = "<i>·</i>", extra: str = "") -> str:
    """The status line; `extra` is what a small screen leaves out."""
    inner = separator.join(f"<span>{part}</span>" for part in parts if part)
    if extra:
        inner += f'{separator}<span class="extra">{extra}</span>'
    return f'<div class="status" role="status"><span class="dot {stage}"></span>{inner}</div>'
