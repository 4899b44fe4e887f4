"""Date and time of a place: a city or country in English or Chinese, a time zone, or an offset."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from glm.tool_functions import tool
from glm.toolset.almanac import place_zones

_OFFSET = re.compile(r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_HERE = frozenset({"", "local", "here", "now", "本地", "这里", "当地", "现在"})
_SUFFIX = re.compile(r"(?: time|时间|市|当地)$")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHINESE_DAYS = "一二三四五六日"


@tool
def get_time(
    place: Annotated[str, "City, country or time zone, e.g. Tokyo, 北京, Europe/Paris or UTC+8"] = "local",
) -> str:
    """Current date, weekday and time in a place"""
    zone = zone_of(place)
    now = datetime.now(zone)
    offset = _offset_text(now)
    if re.search(r"[\u4e00-\u9fff]", place):
        where = "本地" if zone is None else place.strip()
        return f"{where}现在是{now:%Y-%m-%d} 星期{_CHINESE_DAYS[now.weekday()]} {now:%H:%M:%S}（{offset}）"
    where = "here" if zone is None else f"in {place.strip()}"
    return f"It is {now:%Y-%m-%d}, {_ENGLISH_DAYS[now.weekday()]}, {now:%H:%M:%S} {where} ({offset})"


def zone_of(place: str) -> tzinfo | None:
    """The time zone of `place`; None is this computer's. Raises `ValueError` when it is not known."""
    asked = place.strip().lower()
    if asked in _HERE:
        return None
    if asked in ("utc", "gmt", "z"):
        return timezone.utc
    if offset := _OFFSET.fullmatch(asked):
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if size > timedelta(hours=14):
            raise ValueError(f"{place!r} is no time zone; offsets go from UTC-12 to UTC+14")
        return timezone(size if offset[1] == "+" else -size)
    names = _zone_names()
    for spelling in (asked, _SUFFIX.sub("", asked), asked.partition(",")[0].strip()):
        if spelling in names:
            return ZoneInfo(names[spelling])
    close = difflib.get_close_matches(asked[:60], names, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "name a large city or a zone such as Europe/Paris"
    raise ValueError(f"the time zone of {place[:60]!r} is not known; {hint}")


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    """Zone by what it may be called, small letters: its own name, the city in it, cities and countries."""
    names = {}
    for zone in sorted(available_timezones()):
        names[zone.lower()] = zone
        names.setdefault(zone.rpartition("/")[2].replace("_", " ").lower(), zone)
    return {**names, **place_zones()}


def _offset_text(now: datetime) -> str:
    minutes = round((now if now.tzinfo else now.astimezone()).utcoffset().total_seconds() / 60)  # type: ignore[union-attr]
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
