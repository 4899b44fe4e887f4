"""The built-in tools: right results, in English and Chinese, and a sentence for what they cannot do."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any
from zoneinfo import available_timezones

import pytest

from glm.tools import Tool
from glm.toolset import BUILT_IN_TOOLS
from glm.toolset.almanac import DATA
from glm.toolset.calculator import calculate

TOOLS: dict[str, Tool] = {tool.spec.name: tool for tool in BUILT_IN_TOOLS}


def use(name: str, **arguments: Any) -> str:
    run = TOOLS[name].run
    assert run is not None
    return run(arguments)


def refusal(name: str, **arguments: Any) -> str:
    with pytest.raises(ValueError) as refused:
        use(name, **arguments)
    return str(refused.value)


def test_only_the_tool_that_needs_the_network_asks_first() -> None:
    assert [name for name, tool in TOOLS.items() if tool.approval != "always"] == ["get_weather"]
    assert not any("shell" in name for name in TOOLS)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("(3 + 4) * 2", "(3 + 4) * 2 = 14"),
        ("0.1 + 0.2", "0.1 + 0.2 = 0.3"),
        ("1/3*3", "1/3*3 = 1"),
        ("1/3", "1/3 ≈ 0.333333333333"),
        ("sqrt(16) + √9", "sqrt(16) + √9 = 7"),
        ("2^10", "2^10 = 1024"),
        ("2**0.5", "2**0.5 ≈ 1.41421356237"),
        ("15% of 80", "15% of 80 = 12"),
        ("200 * 15%", "200 * 15% = 30"),
        ("10 % 3", "10 % 3 = 1"),
        ("5%-3", "5%-3 = -2.95"),
        ("（1＋2）×３÷2=", "（1＋2）×３÷2 = 4.5"),
        ("3加5乘以2", "3加5乘以2 = 13"),
        ("1,234,567 + 1", "1,234,567 + 1 = 1234568"),
        ("max(1,234)", "max(1,234) = 234"),
        ("3 x 4", "3 x 4 = 12"),
        ("5! + (2+1)!", "5! + (2+1)! = 126"),
        ("2² + π - pi", "2² + π - pi = 4"),
        ("round(2.345, 2)", "round(2.345, 2) = 2.35"),
        ("log10(1000)", "log10(1000) = 3"),
        ("123456789*987654321", "123456789*987654321 = 121932631112635269"),
        ("200!", "200! ≈ 7.8865786736e+374"),
        ("10**-20", "10**-20 = 1e-20"),
    ],
)
def test_the_calculator_reads_arithmetic_as_people_write_it(expression: str, told: str) -> None:
    assert use("calculator", expression=expression) == told


def test_the_sine_of_thirty_degrees_is_a_half() -> None:
    assert float(calculate("sin(30°)")) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1/0", "division by zero has no result"),
        ("9**9**9**9", "too large to work out"),
        ("2**-99999999", "too large to work out"),
        ("factorial(10**6)", "0 to 400"),
        ("comb(10**9, 10**8)", "0 to 1000"),
        ("200!*200!*200!*200!*200!", "too large to work out"),
        ("exp(1000)", "too large"),
        ("1e400", "too large"),
        ("round(1, 10**9)", "up to 50 digits"),
        ("sqrt(-1)", "no real square root"),
        ("(-8)**(1/3)", "no real result"),
        ("log(0)", "log has no value for 0"),
        ("tan(90°)", "no value at a right angle"),
        ("2(3+4)", "write × between a number and a bracket"),
        ("__import__('os').system('id')", "only numbers"),
        ("open('x')", "there is no function 'open'"),
        ("(1).__class__", "only numbers"),
        ("[1]*9", "only numbers"),
        ("'a'*9", "only numbers"),
        ("True + 1", "True and False are not numbers"),
        ("sin", "'sin' is not a number"),
        ("min()", "min cannot be worked out of 0 numbers"),
        ("lambda: 1", "only numbers"),
        ("12:30", "is not an arithmetic expression"),
        ("((((", "is not an arithmetic expression"),
        ("", "is not an arithmetic expression"),
        ("1+" * 200 + "1", "the expression has 401 characters; 300 are allowed"),
    ],
)
def test_what_the_calculator_cannot_work_out_is_refused_at_once(expression: str, reason: str) -> None:
    assert reason in refusal("calculator", expression=expression)


@pytest.mark.parametrize(
    ("value", "source", "target", "told"),
    [
        (5, "km", "miles", "5 km = 3.106856 miles"),
        (100, "C", "F", "100 C = 212 F"),
        (300, "K", "摄氏度", "300 K = 26.85 摄氏度"),
        (3, "斤", "千克", "3 斤 = 1.5 千克"),
        (10, "亩", "平方米", "10 亩 = 6666.667 平方米"),
        (60, "公里/小时", "mph", "60 公里/小时 = 37.28227 mph"),
        (36, "公里每小时", "m/s", "36 公里每小时 = 10 m/s"),
        (1, "ft²", "m^2", "1 ft² = 0.09290304 m^2"),
        (1, "kg·m/s^2", "N", "1 kg·m/s^2 = 1 N"),
        (1, "GiB", "MB", "1 GiB = 1073.742 MB"),
        (1, "Mb", "mb", "1 Mb = 0.125 mb"),
        (2.5, "Hours", "minutes", "2.5 Hours = 150 minutes"),
    ],
)
def test_units_are_converted_whatever_they_are_called(value: float, source: str, target: str, told: str) -> None:
    assert use("convert_units", value=value, from_unit=source, to_unit=target) == told


@pytest.mark.parametrize(
    ("value", "source", "target", "reason"),
    [
        (1, "m", "kg", "they measure different things"),
        (1, "MB", "radian", "they measure different things"),
        (1, "furlock", "m", "'furlock' is not a known unit"),
        (1, "m**9**9**9", "m", "is not a known unit"),
        (1, "m**999999999", "m", "is not a known unit"),
        (1, "__import__('os')", "m", "is not a known unit"),
        (1, "degC/m", "K/m", "cannot be converted"),
        (-500, "C", "K", "colder than absolute zero"),
        (1e308, "km", "nm", "too large to convert"),
        (1, "m" * 61, "km", "at most 60 characters"),
    ],
)
def test_units_that_cannot_be_converted_are_refused(value: float, source: str, target: str, reason: str) -> None:
    assert reason in refusal("convert_units", value=value, from_unit=source, to_unit=target)


@pytest.mark.parametrize(
    ("place", "offset"),
    [
        ("Tokyo", 9),
        ("北京时间", 8),
        ("上海市", 8),
        ("India", 5.5),
        ("Asia/Kolkata", 5.5),
        ("utc-3:30", -3.5),
        ("GMT", 0),
        ("Hawaii", -10),
    ],
)
def test_the_clock_knows_places_zones_and_offsets(place: str, offset: float) -> None:
    told = use("get_time", place=place)
    found = re.search(r"(\d{4}-\d\d-\d\d).*?(\d\d:\d\d:\d\d)", told)
    assert found is not None
    there = datetime.fromisoformat(f"{found[1]} {found[2]}")
    away = (there - datetime.now(timezone.utc).replace(tzinfo=None)).total_seconds()
    assert abs(away - offset * 3600) < 60
    assert place in told


def test_without_a_place_the_clock_tells_the_time_here() -> None:
    assert re.fullmatch(r"It is \d{4}-\d\d-\d\d, \w+day, \d\d:\d\d:\d\d here \(UTC[+-]\d+(:\d\d)?\)", use("get_time"))


def test_an_unknown_place_is_answered_with_what_it_might_be() -> None:
    assert "did you mean tokyo" in refusal("get_time", place="Tokio")
    assert "is not known" in refusal("get_time", place="../../etc/passwd")
    assert "offsets go from" in refusal("get_time", place="UTC+99")


def test_random_numbers_lie_within_both_limits_and_differ() -> None:
    drawn = [int(number) for number in use("random_number", low=-3, high=3, count=100).split(", ")]
    assert len(drawn) == 100
    assert set(drawn) <= set(range(-3, 4))
    assert len(set(drawn)) > 1
    assert use("random_number", low=7, high=7) == "7"
    assert "low must not be larger than high" in refusal("random_number", low=9, high=1)
    assert "limits must lie between" in refusal("random_number", low=0, high=10**400)


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("France", "France (法国): capital Paris, in Europe, population about 68 million, "
                   "area about 544 thousand km², currency euro (EUR)"),
        ("巴黎", "法国 (France)：首都巴黎，位于欧洲，人口约 6800 万，面积约 54.4 万平方公里，货币 euro (EUR)"),
        ("日本的首都", "日本 (Japan)：首都东京"),
        ("Fe", "Iron (铁): chemical element, symbol Fe, atomic number 26, mass 55.845"),
        ("水银", "汞 (Mercury)：化学元素，符号 Hg，原子序数 80，相对原子质量 200.59"),
        ("Mars", "Mars (火星): planet, diameter 6792 km, year 687 days, 2 known moons"),
        ("2024", "2024 is the year of the Dragon (龙), counted from its Chinese New Year"),
        ("1990年", "1990年是马年（从当年春节算起）"),
    ],
)  # fmt: skip
def test_the_almanac_answers_in_the_language_of_the_question(subject: str, told: str) -> None:
    assert use("almanac", subject=subject).startswith(told)


def test_what_the_almanac_does_not_have_is_answered_with_what_is_like_it() -> None:
    assert "did you mean brasilia, brazil" in refusal("almanac", subject="the capital of Brasil")
    assert "it knows countries" in refusal("almanac", subject="qwertyuiop")
    assert "more than 80 characters" in refusal("almanac", subject="x" * 5000)


def test_the_almanac_holds_every_element_and_only_zones_that_exist() -> None:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    assert [entry["number"] for entry in data["elements"]] == list(range(1, 119))
    assert len({entry["symbol"] for entry in data["elements"]} | {entry["zh"] for entry in data["elements"]}) == 236
    zones = {entry["zone"] for entry in (*data["countries"], *data["cities"])}
    assert zones <= available_timezones()
    for entry in (*data["countries"], *data["elements"], *data["planets"]):
        assert entry["zh"] in use("almanac", subject=entry["zh"])
