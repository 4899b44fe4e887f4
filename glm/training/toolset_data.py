"""Dialogues with the program's own built-in tools, as the tool page offers them: real specs, real results.

A page that offers six tools at once is where the built-in model is met first. Results come from the tools
themselves, so that what the model learns to read is what it will be given; the clock's and the weather's are
drawn, in the tools' own words.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from glm.messages import Message, ToolSpec
from glm.prompts.chatglm3 import TOOLS_PROMPT
from glm.toolset import BUILT_IN_TOOLS
from glm.training.dialogue import Dialogue, Language, Split
from glm.training.tool_data import call_message

_RUN: dict[str, Callable[[dict[str, Any]], str]] = {tool.spec.name: tool.run for tool in BUILT_IN_TOOLS if tool.run}  # type: ignore[misc]
_SPECS = {tool.spec.name: tool.spec for tool in BUILT_IN_TOOLS}


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Names in both languages, from "English/中文 English/中文"."""
    return tuple((english, chinese) for english, _, chinese in (pair.partition("/") for pair in text.split()))


_CITIES = _pairs(
    "Tokyo/东京 Paris/巴黎 London/伦敦 Beijing/北京 Shanghai/上海 Berlin/柏林 Moscow/莫斯科 Rome/罗马 Madrid/马德里 "
    "Sydney/悉尼 Cairo/开罗 Delhi/德里 Seoul/首尔 Bangkok/曼谷 Chicago/芝加哥 Toronto/多伦多 Singapore/新加坡 "
    "Vienna/维也纳 Lisbon/里斯本 Oslo/奥斯陆 Athens/雅典 Dublin/都柏林 Mumbai/孟买 Hanoi/河内 Lima/利马 Shenzhen/深圳 "
    "Chengdu/成都 Hangzhou/杭州 Boston/波士顿 Amsterdam/阿姆斯特丹"
)
_SUBJECTS = {
    "country": _pairs(
        "France/法国 Japan/日本 Brazil/巴西 Egypt/埃及 Canada/加拿大 Italy/意大利 Germany/德国 India/印度 Spain/西班牙 "
        "Norway/挪威 Kenya/肯尼亚 Peru/秘鲁 Poland/波兰 Thailand/泰国 Turkey/土耳其 Vietnam/越南 Austria/奥地利 Chile/智利"
    ),
    "element": _pairs("gold/金 iron/铁 helium/氦 silver/银 oxygen/氧 copper/铜 carbon/碳 neon/氖 lead/铅 zinc/锌"),
    "planet": _pairs("Mars/火星 Jupiter/木星 Venus/金星 Saturn/土星 Mercury/水星"),
}
_UNITS: tuple[tuple[str, str, str, str], ...] = (
    ("miles", "kilometers", "英里", "公里"),
    ("kilometers", "miles", "公里", "英里"),
    ("kg", "pounds", "公斤", "磅"),
    ("pounds", "kg", "磅", "公斤"),
    ("celsius", "fahrenheit", "摄氏度", "华氏度"),
    ("fahrenheit", "celsius", "华氏度", "摄氏度"),
    ("inches", "cm", "英寸", "厘米"),
    ("feet", "meters", "英尺", "米"),
    ("liters", "gallons", "升", "加仑"),
    ("hours", "minutes", "小时", "分钟"),
    ("grams", "ounces", "克", "盎司"),
    ("km/h", "m/s", "km/h", "m/s"),
)
_DAYS = (
    ("Monday", "星期一"), ("Tuesday", "星期二"), ("Wednesday", "星期三"), ("Thursday", "星期四"), ("Friday", "星期五"),
    ("Saturday", "星期六"), ("Sunday", "星期日"),
)  # fmt: skip
_SKIES = (
    ("clear sky", "晴"),
    ("overcast", "阴"),
    ("light rain", "小雨"),
    ("snow", "雪"),
    ("fog", "雾"),
    ("partly cloudy", "多云"),
)
_CHAT: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Hello!", "Hello! How can I help you?"),
        ("Thank you!", "You're welcome!"),
        ("Who are you?", "I am GLM-tiny, a small language model that runs on this computer."),
        ("Good morning.", "Good morning! What can I do for you?"),
        ("What can you do here?", "I can calculate, tell the time, convert units, draw random numbers, look up facts and the weather."),
    ),
    "zh": (
        ("你好！", "你好！有什么可以帮你？"),
        ("谢谢！", "不客气！"),
        ("你是谁？", "我是 GLM-tiny，一个在这台电脑上运行的小语言模型。"),
        ("早上好。", "早上好！需要我做什么？"),
        ("你能做什么？", "我可以计算、查时间、换算单位、抽随机数、查资料和天气。"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Turn:
    """A request, the call it needs, the result, what to say then, and what of the result that must hold."""

    asked: str
    arguments: dict[str, Any]
    result: str
    said: str
    key: str


def group(rng: random.Random, split: Split) -> list[Dialogue]:
    """About ten dialogues with the same system message: all six tools offered, or some of them."""
    names = list(_SPECS)
    if rng.random() < 0.35:
        names = sorted(rng.sample(names, rng.randint(2, 5)), key=names.index)
    specs: tuple[ToolSpec, ...] = tuple(_SPECS[name] for name in names)
    system = Message("system", TOOLS_PROMPT)
    dialogues = []
    for _ in range(rng.randint(8, 11)):
        language: Language = "zh" if rng.random() < 0.45 else "en"
        if rng.random() < 0.12:
            asked, said = rng.choice(_CHAT[language])
            messages: tuple[Message, ...] = (system, Message("user", asked), Message("assistant", said))
            dialogues.append(Dialogue("tool_none", language, messages, specs))
            continue
        messages = (system,)
        keys = []
        for _ in range(1 if rng.random() < 0.75 else 2):
            name = rng.choice(names)
            turn = _TURNS[name](rng, split, language == "zh")
            messages += _messages(name, turn)
            keys.append(turn.key)
        dialogues.append(Dialogue("tool_call", language, messages, specs, expected=keys[0]))
    return dialogues


def groups(rng: random.Random, split: Split) -> Iterator[list[Dialogue]]:
    """Endless groups, deterministic in `rng`."""
    while True:
        yield group(rng, split)


def _messages(name: str, turn: _Turn) -> tuple[Message, ...]:
    return (
        Message("user", turn.asked),
        call_message(name, turn.arguments),
        Message("observation", turn.result),
        Message("assistant", turn.said),
    )


def _calculator(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    a, b, c = (_number(rng, split) for _ in range(3))
    expression, words = rng.choice(
        [
            (f"{a} + {b}", (f"{a} plus {b}", f"{a}加{b}")),
            (f"{a} - {b}", (f"{a} minus {b}", f"{a}减{b}")),
            (f"{a} * {b}", (f"{a} times {b}", f"{a}乘以{b}")),
            (f"{a} / {b}", (f"{a} divided by {b}", f"{a}除以{b}")),
            (f"{a} * {b} + {c}", (f"{a} times {b} plus {c}", f"{a}乘以{b}再加{c}")),
            (f"({a} + {b}) * {c}", (f"({a} + {b}) * {c}", f"({a} + {b}) * {c}")),
            (f"{a} * {b} - {c}", (f"{a} * {b} - {c}", f"{a} * {b} - {c}")),
            (f"{c % 100}% * {a}", (f"{c % 100}% of {a}", f"{a}的{c % 100}%")),
            (f"sqrt({a})", (f"the square root of {a}", f"{a}的平方根")),
            (f"{b % 30} ** 2", (f"{b % 30} squared", f"{b % 30}的平方")),
        ]
    )
    if rng.random() < 0.4 and "%" not in expression and "sqrt" not in expression:
        words = (expression, expression)
    patterns = (
        ("{}等于多少？", "计算{}", "{}是多少？", "帮我算一下{}", "{} = ?")
        if chinese
        else ("What is {}?", "Calculate {}.", "How much is {}?", "Please work out {}.", "{} = ?", "Compute {}.")
    )
    result = _RUN["calculator"]({"expression": expression})
    value = result.partition(" = ")[2] or result.partition(" ≈ ")[2]
    about = "" if " = " in result else ("约" if chinese else "about ")
    said = f"结果是{about}{value}。" if chinese else f"The result is {about}{value}."
    return _Turn(rng.choice(patterns).format(words[chinese]), {"expression": expression}, result, said, value)


def _clock(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    place = _of(rng, split, _CITIES)[chinese]
    date = f"20{rng.randint(24, 30)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    clock, day = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}", rng.choice(_DAYS)[chinese]
    shift = rng.choice(["+0", "+1", "+2", "+8", "+9", "-5", "-8", "+5:30", "+10"])
    if chinese:
        result = f"{place}现在是{date} {day} {clock}:{rng.randint(0, 59):02}（UTC{shift}）"
        asked = rng.choice(
            ("{}现在几点？", "现在{}几点了？", "告诉我{}的时间", "{}现在是什么时间？", "查一下{}的当前时间")
        )
        said = f"{place}现在是{date} {day} {clock}。"
    else:
        result = f"It is {date}, {day}, {clock}:{rng.randint(0, 59):02} in {place} (UTC{shift})"
        asked = rng.choice(
            (
                "What time is it in {}?",
                "What's the time in {} now?",
                "Tell me the local time in {}.",
                "Which day is it in {}?",
            )
        )
        said = f"It is {clock} on {day}, {date} in {place}."
    return _Turn(asked.format(place), {"place": place}, result, said, clock)


def _units(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    source, target = (pair := rng.choice(_UNITS))[2 * chinese], pair[2 * chinese + 1]
    value: float = _number(rng, split) % 500 + 1
    if rng.random() < 0.3:
        value += rng.randint(1, 9) / 10
    arguments = {"value": value, "from_unit": source, "to_unit": target}
    result = _RUN["convert_units"](arguments)
    patterns = (
        ("{0} {1}是多少{2}？", "把{0} {1}换算成{2}", "{0} {1}等于多少{2}？", "{0}{1}换成{2}是多少？")
        if chinese
        else ("Convert {0} {1} to {2}.", "How many {2} are {0} {1}?", "What is {0} {1} in {2}?", "{0} {1} in {2}?")
    )
    said = result.replace(" = ", "等于") + "。" if chinese else result.replace(" = ", " is ") + "."
    return _Turn(
        rng.choice(patterns).format(value, source, target),
        arguments,
        result,
        said,
        result.partition(" = ")[2].split()[0],
    )


def _random(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    low, high = sorted(rng.sample([1, 1, 1, 0, 5, 6, 10, 20, 49, 50, 99, 100, 200, 500, 1000], 2))
    high = high if high > low else low + 9
    arguments: dict[str, Any] = {"low": low, "high": high}
    count = 1 if rng.random() < 0.65 else rng.randint(2, 6)
    if count > 1:
        arguments["count"] = count
    result = ", ".join(str(rng.randint(low, high)) for _ in range(count))
    if count > 1:
        asked = (
            rng.choice(("给我{2}个{0}到{1}之间的随机数", "从{0}到{1}里随机抽{2}个数"))
            if chinese
            else rng.choice(
                ("Give me {2} random numbers between {0} and {1}.", "Draw {2} random numbers from {0} to {1}.")
            )
        )
        said = f"随机数是{result}。" if chinese else f"The random numbers are {result}."
    else:
        asked = (
            rng.choice(("给我一个{0}到{1}之间的随机数", "在{0}和{1}之间随机选一个数", "{0}到{1}随机抽一个数"))
            if chinese
            else rng.choice(
                (
                    "Give me a random number between {0} and {1}.",
                    "Pick a number from {0} to {1}.",
                    "Draw a random number from {0} to {1}.",
                )
            )
        )
        said = f"随机数是{result}。" if chinese else f"The random number is {result}."
    return _Turn(asked.format(low, high, count), arguments, result, said, result)


def _almanac(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    kind = rng.choice(("country", "country", "country", "element", "planet", "year"))
    if kind == "year":
        year = str(rng.randint(1930, 2030))
        result = _RUN["almanac"]({"subject": f"{year}年" if chinese else year})
        subject = f"{year}年" if chinese else year
        asked = (
            rng.choice((f"{subject}是什么生肖？", f"{subject}属什么？"))
            if chinese
            else rng.choice((f"Which Chinese zodiac animal is {year}?", f"What is the zodiac sign of the year {year}?"))
        )
        sentence = _sentence(result, chinese)
        return _Turn(asked, {"subject": subject}, result, sentence, sentence[:-1])
    subject = _of(rng, split, _SUBJECTS[kind])[chinese]
    result = _RUN["almanac"]({"subject": subject})
    return _Turn(*_about(rng, kind, subject, result, chinese))


def _about(
    rng: random.Random, kind: str, subject: str, result: str, chinese: bool
) -> tuple[str, dict[str, Any], str, str, str]:
    """A question about one fact of a subject, answered from the almanac's own words."""
    facts = [fact.strip() for fact in result.partition("：" if chinese else ": ")[2].split("，" if chinese else ", ")]
    keys = {
        "country": (("capital", "the capital of", "首都", "首都"), ("population", "the population of", "人口", "人口"), ("currency", "the currency of", "货币", "货币")),
        "element": (("symbol", "the symbol of", "符号", "符号"), ("atomic number", "the atomic number of", "原子序数", "原子序数")),
        "planet": (("diameter", "the diameter of", "直径", "直径"),),
    }[kind]  # fmt: skip
    english, asks, word, asked_word = rng.choice(keys)
    fact = next((fact for fact in facts if fact.startswith(word if chinese else english)), facts[0])
    arguments = {"subject": subject}
    if chinese:
        asked = rng.choice(("{0}的{1}是什么？", "查一下{0}的{1}", "{0}的{1}是多少？")).format(subject, asked_word)
        value = fact.removeprefix(word).strip()
        return asked, arguments, result, f"{subject}的{asked_word}是{value}。", value
    asked = rng.choice(("What is {0} {1}?", "Tell me {0} {1}.", "Look up {0} {1}.")).format(asks, subject)
    value = fact.removeprefix(english).strip()
    return asked, arguments, result, f"{asks[:1].upper()}{asks[1:]} {subject} is {value}.", value


def _sentence(result: str, chinese: bool) -> str:
    first = result.partition("，" if chinese else ",")[0]
    return first + ("。" if chinese else ".")


def _weather(rng: random.Random, split: Split, chinese: bool) -> _Turn:
    city = _of(rng, split, _CITIES)[chinese]
    sky, degrees, felt = rng.choice(_SKIES)[chinese], round(rng.uniform(-15, 38), 1), round(rng.uniform(-15, 38), 1)
    humidity, wind = rng.randint(20, 99), round(rng.uniform(0, 45), 1)
    if chinese:
        asked = rng.choice(("{}的天气怎么样？", "查一下{}的天气", "{}今天天气如何？", "{}现在多少度？"))
        result = f"{city}：{sky}，气温 {degrees} °C，体感 {felt} °C，湿度 {humidity}%，风速 {wind} km/h"
        said = f"{city}现在{sky}，气温 {degrees} °C。"
    else:
        asked = rng.choice(
            ("What is the weather in {}?", "How is the weather in {}?", "How warm is it in {}?", "Is it raining in {}?")
        )
        result = f"{city}: {sky}, {degrees} °C (feels like {felt} °C), humidity {humidity}%, wind {wind} km/h"
        said = f"In {city} there is {sky}, {degrees} °C."
    if rng.random() < 0.15:
        result = "Error: get_weather: the weather service cannot be reached: this computer seems to be offline"
        said = (
            "查不到天气：这台电脑似乎没有联网。"
            if chinese
            else "I cannot look up the weather: this computer seems to be offline."
        )
    return _Turn(asked.format(city), {"city": city}, result, said, "" if result.startswith("Error") else str(degrees))


def _number(rng: random.Random, split: Split) -> int:
    """Numbers of which one in five is kept for the evaluation."""
    while True:
        number = rng.choice((rng.randint(2, 20), rng.randint(2, 100), rng.randint(10, 2000)))
        if (number % 5 == 4) == (split == "heldout"):
            return number


def _of(rng: random.Random, split: Split, pairs: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    kept = [pair for index, pair in enumerate(pairs) if (index % 5 == 4) == (split == "heldout")]
    return rng.choice(kept)


_TURNS: dict[str, Callable[[random.Random, Split, bool], _Turn]] = {
    "calculator": _calculator,
    "get_time": _clock,
    "convert_units": _units,
    "random_number": _random,
    "almanac": _almanac,
    "get_weather": _weather,
}
