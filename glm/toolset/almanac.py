"""A small almanac: countries, capitals, chemical elements, planets and the Chinese zodiac.

The facts are in resources/almanac.json, written by hand; populations and areas are round numbers.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from glm.tool_functions import tool

DATA = Path(__file__).resolve().parent.parent.parent / "resources" / "almanac.json"

MAX_SUBJECT_CHARS = 80

_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_YEAR = re.compile(r"(?:year |zodiac (?:of |in )?|生肖)?(\d{3,4})\s*(?:年|年生肖| zodiac)?", re.IGNORECASE)
_ASIDES = re.compile(
    r"^(?:the )?(?:capital|population|currency|area|symbol) of (?:the )?|的?(?:首都|人口|货币|面积|符号|元素)$"
)
_ANIMALS = (
    ("Rat", "鼠"), ("Ox", "牛"), ("Tiger", "虎"), ("Rabbit", "兔"), ("Dragon", "龙"), ("Snake", "蛇"),
    ("Horse", "马"), ("Goat", "羊"), ("Monkey", "猴"), ("Rooster", "鸡"), ("Dog", "狗"), ("Pig", "猪"),
)  # fmt: skip
_CONTINENTS = {
    "Asia": "亚洲", "Europe": "欧洲", "Africa": "非洲", "North America": "北美洲", "South America": "南美洲",
    "Oceania": "大洋洲",
}  # fmt: skip
_SENTENCES = {
    "element": (
        "{en} ({zh}): chemical element, symbol {symbol}, atomic number {number}, mass {mass}",
        "{zh} ({en})：化学元素，符号 {symbol}，原子序数 {number}，相对原子质量 {mass}",
    ),
    "planet": (
        "{en} ({zh}): planet, diameter {diameter_km} km, year {year}, {moons} known moons",
        "{zh} ({en})：行星，直径 {diameter_km} 公里，公转周期 {year_zh}，已知卫星 {moons} 颗",
    ),
    "country": (
        "{en} ({zh}): capital {capital_en}, in {continent}, population about {population_millions} million, "
        "area about {area_thousand_km2} thousand km², currency {currency}",
        "{zh} ({en})：首都{capital_zh}，位于{continent_zh}，人口约 {wan} 万，"
        "面积约 {wan_km2} 万平方公里，货币 {currency}",
    ),
}
"""What is told of each kind, in English and in Chinese."""


@tool
def almanac(
    subject: Annotated[str, "Country, capital, element, planet or year, e.g. France, 北京, gold, Fe, Mars, 2024"],
) -> str:
    """Look up facts about a country or its capital, a chemical element, a planet, or the Chinese zodiac of a year"""
    asked = _key(subject[: MAX_SUBJECT_CHARS + 1])
    if len(asked) > MAX_SUBJECT_CHARS:
        raise ValueError(f"the subject has more than {MAX_SUBJECT_CHARS} characters; ask for one thing")
    chinese = bool(_CHINESE.search(subject))
    if year := _YEAR.fullmatch(asked):
        return _zodiac(int(year[1]), chinese)
    entries = _entries()
    name = _key(_ASIDES.sub("", asked))
    found = entries.get(asked) or entries.get(name)
    if found is None:
        close = difflib.get_close_matches(name, entries, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else "it knows countries, capitals, elements and planets"
        raise ValueError(f"the almanac has nothing about {subject!r}; {hint}")
    return _told(found, chinese)


def place_zones() -> Mapping[str, str]:
    """Time zone by the name of a city or country, in English and Chinese, small letters."""
    return _zones()


@lru_cache(maxsize=1)
def _data() -> dict[str, list[dict[str, Any]]]:
    data: dict[str, list[dict[str, Any]]] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def _entries() -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = {}
    for kind in ("elements", "planets", "countries"):
        for entry in _data()[kind]:
            names = (entry.get(name) for name in ("en", "zh", "symbol", "capital_en", "capital_zh"))
            # An element is told before the planet Mercury, whose Chinese name is another.
            for name in names:
                if name:
                    entries.setdefault(_key(name), entry)
    return _with_other_names(entries)


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    zones: dict[str, str] = {}
    for entry in (*_data()["countries"], *_data()["cities"]):
        for name in ("en", "zh", "capital_en", "capital_zh"):
            if name in entry:
                zones.setdefault(_key(entry[name]), entry["zone"])
    return _with_other_names(zones)


def _with_other_names(known: dict[str, Any]) -> dict[str, Any]:
    for other in _data()["also_called"]:
        if _key(other["means"]) in known:
            known.setdefault(_key(other["name"]), known[_key(other["means"])])
    return known


def _key(name: str) -> str:
    """`name` as it is looked up: small letters, no accents, no full stop at its end."""
    apart = unicodedata.normalize("NFKD", name.strip().strip("?？。.!").lower())
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).split())


def _told(entry: Mapping[str, Any], chinese: bool) -> str:
    kind = "element" if "symbol" in entry else "planet" if "diameter_km" in entry else "country"
    sentence = _SENTENCES[kind][chinese]
    return sentence.format(
        **entry,
        continent_zh=_CONTINENTS.get(entry.get("continent", ""), ""),
        year_zh=str(entry.get("year", "")).replace(" days", " 天").replace(" years", " 年"),
        wan=f"{entry.get('population_millions', 0) * 100:g}",
        wan_km2=f"{entry.get('area_thousand_km2', 0) / 10:g}",
    )


def _zodiac(year: int, chinese: bool) -> str:
    animal, sign = _ANIMALS[(year - 4) % 12]
    if chinese:
        return f"{year}年是{sign}年（从当年春节算起）"
    return f"{year} is the year of the {animal} ({sign}), counted from its Chinese New Year"
