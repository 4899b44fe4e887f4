"""Requests as people make them: a task's template, its slots filled, with or without politeness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from glm.training.code_draw import Draw
from glm.training.code_tasks import Case, Task
from glm.training.dialogue import Language

_WRAPS: Mapping[Language, Sequence[str]] = {
    "en": ("{Core}.", "{Core}", "{core}", "Please {core}.", "Can you {core}?", "Could you {core}?", "I want you to {core}.",
           "Help me {core}.", "Use Python to {core}.", "Write code to {core}.", "{Core}, please.", "please {core}",
           "Write a Python program to {core}.", "Can you {core} with Python?"),
    "zh": ("{core}", "{core}。", "请{core}", "请{core}。", "帮我{core}", "请帮我{core}。", "能不能{core}？", "你能{core}吗？",
           "请你{core}。", "用代码{core}", "用 Python {core}", "写程序{core}。"),
}  # fmt: skip
_HELD_WRAPS: Mapping[Language, Sequence[str]] = {
    "en": ("{Core}.", "{core}", "Could you please {core}?", "I'd like you to {core}.", "Would you {core}?", "Run code to {core}."),
    "zh": ("{core}", "{core}。", "麻烦{core}", "可以{core}吗？", "请用 Python 代码{core}。"),
}  # fmt: skip
_ENDINGS: Mapping[Language, Sequence[str]] = {
    "en": (" Use Python.", " Thanks!", " Please use code.", " Show me the result."),
    "zh": ("用 Python 算。", "谢谢！", "请用代码。", "把结果告诉我。"),
}
_OPENINGS: Mapping[Language, Sequence[str]] = {
    "en": ("Hi! ", "Hello, ", "Hey, ", "OK. ", "A question: "),
    "zh": ("你好，", "您好！", "请问，", "我想问一下，"),
}


_SPACE_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff，。？：、“”「」（）]) (?=[\u4e00-\u9fff，。？：、“”「」（）])")


def tidy(text: str) -> str:
    """Text without the spaces that slots leave between Chinese characters."""
    return _SPACE_IN_CHINESE.sub("", text)


def request(draw: Draw, task: Task, case: Case) -> str:
    """What the user says for this case, after the note about an uploaded file where the case has one."""
    template = draw.rng.choice(task.templates(draw.language, draw.split))
    return f"{case.slots.get('note', '')}{_worded(draw, template, case.slots)}"


def _worded(draw: Draw, template: str, slots: Mapping[str, object]) -> str:
    # Tables write verb phrases with a choice in front: only those can follow "please".
    verb_phrase = template.startswith("[") and template[-1] not in ".?!。？！" and "{block}" not in template
    text = tidy(draw.phrase([template]).replace("  ", " ").format_map(slots).strip())
    if verb_phrase:
        wraps = (_HELD_WRAPS if draw.held else _WRAPS)[draw.language]
        if draw.language == "zh" and text[0] in "用使以按帮":
            wraps = [wrap for wrap in wraps if "用" not in wrap]
        wrapped = draw.rng.choice(wraps).format(core=text, Core=text[0].upper() + text[1:])
        return wrapped.replace("请求", "请你求")  # 请求 is another word: to request
    if text[-1] in ".?。？" and draw.chance(0.1):
        return text + draw.rng.choice(_ENDINGS[draw.language])
    if template[0].isalpha() and draw.chance(0.06):
        return draw.rng.choice(_OPENINGS[draw.language]) + text
    if draw.language == "en" and template[0].isalpha() and draw.chance(0.15):
        return text[0].lower() + text[1:].rstrip("?.")
    if draw.language == "zh" and text[-1] in "？。" and draw.chance(0.2):
        return text[:-1]
    return text


def answer(draw: Draw, templates: Sequence[str], slots: Mapping[str, object], output: str) -> str:
    """What the assistant says once the code has printed `output`."""
    values = {**slots, "out": output, "items": _items(draw, output), "flat": " ".join(output.split()).replace("[ ", "[")}
    return tidy(draw.rng.choice(templates).format_map(values))


def _items(draw: Draw, output: str) -> str:
    """The entries of a printed list or dict, without brackets and quotes."""
    if output in ("[]", "{}"):
        return {"en": "none", "zh": "无"}[draw.language]
    text = output[1:-1] if output[:1] in ("[", "{") and "\n" not in output else output
    return text.replace("'", "")
