"""Dialogues for the code interpreter: request, code, true output, answer.

The code is the templates' own and is run while generating, except for plots, chance
and data files, whose output is known or drawn. Needs numpy and sympy.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from glm.messages import INTERPRETER, Message, ToolCall
from glm.prompts.chatglm3 import INTERPRETER_PROMPT
from glm.training.code_csv_tasks import CSV
from glm.training.code_draw import Draw
from glm.training.code_followups import follow_up
from glm.training.code_number_tasks import NUMBERS
from glm.training.code_plot_tasks import PLOTS
from glm.training.code_repair import broken, traceback
from glm.training.code_request import answer, request, tidy
from glm.training.code_run import Session
from glm.training.code_small_talk import TALKS, THANKS, talk_requests
from glm.training.code_tasks import IMAGE, Case, Task
from glm.training.code_text_tasks import TEXT
from glm.training.dialogue import Dialogue, Language, Split

TASKS: tuple[Task, ...] = (*NUMBERS.tasks, *TEXT.tasks, *PLOTS.tasks, *CSV.tasks)

KINDS: Mapping[str, float] = {
    "code_arithmetic": 12, "code_primes": 6, "code_fibonacci": 5, "code_statistics": 12, "code_sequence": 13,
    "code_equation": 9, "code_string": 9, "code_plot": 13, "code_csv": 9, "code_repair": 8, "code_random": 4,
    "code_matrix": 3, "code_followup": 8, "code_none": 9,
}  # fmt: skip
"""Share of each kind, as weights."""

CHINESE = 0.45
"""Part of the dialogues that is in Chinese."""

ENGLISH_PROMPT = (
    "You are an intelligent AI assistant named ChatGLM. You are connected to a computer without internet access. "
    "You solve tasks by running Python code and reading its results; when a run fails, improve the code. "
    "Files that users upload are in /mnt/data/."
)
_SHORT_PROMPTS = (
    "You solve tasks by running Python code.",
    "You are an assistant with a Python interpreter. Uploaded files are in /mnt/data/.",
    "You can run Python code. Answer with its result.",
    "你可以运行 Python 代码来完成任务。",
    "你是一个代码助手，文件在 /mnt/data/。",
)
_UNKNOWN_OUTPUT = frozenset({"code_plot", "code_csv", "code_random"})
_BREAKABLE = frozenset(KINDS) - {"code_repair", "code_followup", "code_none", "code_random"}


def generate(rng: random.Random, split: Split) -> Iterator[Dialogue]:
    """Endless code-interpreter dialogues, deterministic in `rng`."""
    kinds, weights = list(KINDS), list(KINDS.values())
    while True:
        language: Language = "zh" if rng.random() < CHINESE else "en"
        kind = rng.choices(kinds, weights)[0]
        yield _BUILDERS.get(kind, _plain)(Draw(rng, split, language), kind)


def _system(draw: Draw) -> Message:
    """The interpreter's system prompt: the official Chinese one, the English one, or a short one."""
    official = 0.65 if draw.language == "zh" else 0.29
    point = draw.rng.random()
    if point < official:
        return Message("system", INTERPRETER_PROMPT)
    return Message("system", ENGLISH_PROMPT if point < 0.9 else draw.rng.choice(_SHORT_PROMPTS))


def code_message(code: str) -> Message:
    """The assistant's message that runs `code`."""
    return Message("assistant", f"```python\n{code}\n```", INTERPRETER, ToolCall(INTERPRETER, {"code": code}))


def _task(draw: Draw, kinds: Sequence[str]) -> Task:
    tasks = [task for task in TASKS if task.kind in kinds]
    return draw.rng.choices(tasks, [task.weight * KINDS[task.kind] / _total(task.kind) for task in tasks])[0]


def _total(kind: str) -> float:
    return sum(task.weight for task in TASKS if task.kind == kind)


def _output(case: Case, session: Session) -> str:
    return session.run(case.code) if case.output is None else case.output


def _expected(task: Task, output: str) -> str:
    return "" if task.kind in _UNKNOWN_OUTPUT else output


def _solution(draw: Draw, task: Task, case: Case, output: str) -> tuple[Message, ...]:
    """Code, output and answer."""
    said = answer(draw, task.answers[draw.language], case.slots, output)
    return code_message(case.code), Message("observation", output), Message("assistant", said)


def _plain(draw: Draw, kind: str) -> Dialogue:
    task = _task(draw, [kind])
    case = task.draw(draw)
    output = _output(case, Session())
    messages = (_system(draw), Message("user", request(draw, task, case)), *_solution(draw, task, case, output))
    return Dialogue(kind, draw.language, messages, expected=_expected(task, output))


_FIX_EN = (
    "This code fails with {error}. [Fix it|Please fix it|Correct it] and run it:\n{code}",
    "[Fix|Repair|Debug] this code:\n{code}\nIt says: {error}",
    "I get {error} from this code:\n{code}\nCan you fix it?",
    "My program stops with {error}. What does it print when it is repaired?\n{code}",
    "Please debug this and show its output. The error is {error}.\n{code}",
)
_FIX_ZH = (
    "这段代码报错 {error}，[请修复|帮我改好]并运行：\n{code}",
    "[修复|改正|调试] 这段代码：\n{code}\n报错：{error}",
    "运行下面的代码出现 {error}，怎么改？\n{code}",
    "代码出错了：{error}。请改对后执行。\n{code}",
    "帮忙看看哪里错了，错误是 {error}：\n{code}",
)


def _repair(draw: Draw, kind: str) -> Dialogue:
    while True:
        task = _task(draw, sorted(_BREAKABLE))
        case = task.draw(draw)
        if attempt := broken(draw, task, case):
            break
    output = _output(case, Session())
    solution = _solution(draw, task, case, output)
    if draw.chance(0.25):
        templates = _FIX_EN if draw.language == "en" else _FIX_ZH
        text = tidy(draw.phrase(templates[-2:] if draw.held else templates[:-2]))
        text = text.replace("{error}", attempt.error).replace("{code}", f"```python\n{attempt.code}\n```")
        messages = (_system(draw), Message("user", text), *solution)
        return Dialogue(kind, draw.language, messages, expected=_expected(task, output))
    first = (code_message(attempt.code), Message("observation", traceback(draw, attempt)))
    messages = (_system(draw), Message("user", request(draw, task, case)), *first, *solution)
    return Dialogue(kind, draw.language, messages, unsupervised=frozenset({2}), expected=_expected(task, output))


_CONTINUED = frozenset(KINDS) - {"code_repair", "code_followup", "code_none", "code_random", "code_matrix", "code_equation"}


def _follow_up(draw: Draw, kind: str) -> Dialogue:
    """A second question: about the first result, or something new."""
    while True:
        task = _task(draw, sorted(_CONTINUED))
        case, session = task.draw(draw), Session()
        output = _output(case, session)
        start = (_system(draw), Message("user", request(draw, task, case)), *_solution(draw, task, case, output))
        if draw.chance(0.2):
            return _another(draw, kind, start)
        names = session.names.get(case.leaves, ())
        known = case.output is None or not case.leaves
        whole = bool(names) and all(isinstance(value, int) for value in names)
        found = follow_up(draw, case, whole=whole) if known else None
        if found:
            break
    text, second, say = found
    printed = _output(second, session)
    said = answer(draw, (say,), second.slots, printed)
    end = (Message("user", text), code_message(second.code), Message("observation", printed), Message("assistant", said))
    expected = "" if printed == IMAGE or task.kind in _UNKNOWN_OUTPUT else printed
    return Dialogue(kind, draw.language, (*start, *end), expected=expected)


def _another(draw: Draw, kind: str, start: tuple[Message, ...]) -> Dialogue:
    task = _task(draw, sorted(_CONTINUED))
    case = task.draw(draw)
    output = _output(case, Session())
    messages = (*start, Message("user", request(draw, task, case)), *_solution(draw, task, case, output))
    return Dialogue(kind, draw.language, messages, expected=_expected(task, output))


def _small_talk(draw: Draw, kind: str) -> Dialogue:
    """No code: a greeting, a question about the assistant, or thanks for a result."""
    start: tuple[Message, ...] = (_system(draw),)
    talk = draw.rng.choice(TALKS[draw.language])
    if draw.chance(0.3):
        first = _plain(draw, draw.rng.choice(sorted(_CONTINUED)))
        start, talk = first.messages, THANKS[draw.language] if draw.chance(0.7) else talk
    text = draw.phrase(talk_requests(talk, draw.split))
    messages = (*start, Message("user", text), Message("assistant", draw.rng.choice(talk[1])))
    return Dialogue(kind, draw.language, messages)


_BUILDERS: Mapping[str, Callable[[Draw, str], Dialogue]] = {
    "code_repair": _repair,
    "code_followup": _follow_up,
    "code_none": _small_talk,
}
