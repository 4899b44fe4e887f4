"""How well the code interpreter's code works, on held-out requests. The code is really run.

The model is asked for the last code of each dialogue (for a repair: after the wrong
attempt and its error). Reference and answer run side by side in `code_worker`, on the
same generated file where the task needs one, so that plots and files are compared too.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from glm.engine import Engine
from glm.errors import GlmError
from glm.events import ToolCalled
from glm.messages import INTERPRETER, Message, ToolSpec
from glm.settings import GenerationSettings
from glm.training import code_data
from glm.training.code_csv_tasks import table
from glm.training.dialogue import Dialogue, Language
from glm.training.report import Row

TOOLS = (ToolSpec(INTERPRETER, "Runs Python code."),)
WORKER = Path(__file__).with_name("code_worker.py")
MAX_NEW_TOKENS = 384
BATCH = 100
"""Snippets for one worker process; its imports take seconds, a snippet milliseconds."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is sent to the model and what its code is compared with.

    `earlier` is the code that ran in the session before; `reference` is "" where no code is wanted.
    """

    dialogue: Dialogue
    context: tuple[Message, ...]
    earlier: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one trial went. `missing` names a library this machine lacks: then the trial does not count."""

    kind: str
    language: Language
    code: str
    runs: bool
    right: bool
    missing: str = ""
    note: str = ""


def evaluate(engine: Engine, *, count: int, seed: int, workers: int = 8) -> list[Row]:
    """Rates of the engine's code over `count` held-out dialogues, English and Chinese, with greedy decoding."""
    return summary(measure(engine, count=count, seed=seed, workers=workers))


def measure(engine: Engine, *, count: int, seed: int, workers: int = 8) -> list[Outcome]:
    """The outcome of each trial; `workers` requests are sent at a time, so that the engine can batch them."""
    trials = [trial(dialogue) for dialogue in islice(code_data.generate(random.Random(seed), "heldout"), count)]
    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(lambda one: written_code(engine, one.context), trials))
    return outcomes(trials, answers, seed=seed)


def trial(dialogue: Dialogue) -> Trial:
    """The trial of a dialogue: everything before its last supervised code, or its last answer."""
    calls = [i for i, message in enumerate(dialogue.messages) if message.call and i not in dialogue.unsupervised]
    sources = [_code(dialogue.messages[i]) for i in calls]
    if dialogue.kind == "code_none":
        return Trial(dialogue, dialogue.messages[:-1], tuple(sources), "")
    return Trial(dialogue, dialogue.messages[: calls[-1]], tuple(sources[:-1]), sources[-1])


def _code(message: Message) -> str:
    assert message.call is not None and message.call.arguments is not None
    return str(message.call.arguments["code"])


def written_code(engine: Engine, context: Sequence[Message]) -> str:
    """The code that the model writes next; "" when it answers without, or fails."""
    settings = GenerationSettings(temperature=0.0, max_new_tokens=MAX_NEW_TOKENS)
    code = ""
    try:
        for event in engine.stream(context, tools=TOOLS, settings=settings):
            if isinstance(event, ToolCalled) and event.call.name == INTERPRETER and event.call.arguments:
                code = str(event.call.arguments.get("code", ""))
    except GlmError:
        return ""
    return code


def outcomes(trials: Sequence[Trial], answers: Sequence[str], *, seed: int = 0) -> list[Outcome]:
    """Run reference and written code of every trial and compare."""
    rng = random.Random(seed)
    jobs: list[dict[str, Any]] = []
    for one, code in zip(trials, answers, strict=True):
        files = _files(one, rng)
        for last in (one.reference, code):
            jobs.append({"cells": [*one.earlier, last], "files": files})
    results = iter(run_jobs(jobs))
    return [_judge(one, code, next(results), next(results)) for one, code in zip(trials, answers, strict=True)]


_PATH = re.compile(r"/mnt/data/([^\"/]+)")
_QUOTED = re.compile(r'\["([^"]+)"\]|, "([^"]+)"\]|sort_values\("([^"]+)"|groupby\("([^"]+)"')
_MADE_BY_CODE = frozenset({"difference"})


def _files(one: Trial, rng: random.Random) -> dict[str, str]:
    """The data file that the reference reads, with the columns it uses."""
    code = "\n".join((*one.earlier, one.reference))
    files: dict[str, str] = {}
    for path in dict.fromkeys(_PATH.findall(code)):
        used = {name: None for found in _QUOTED.findall(code) for name in found if name} or {"amount": None}
        names = [name for name in used if name not in _MADE_BY_CODE]
        files[path] = table(path, names, rng).csv()
    return files


def run_jobs(jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results {stdout, error, shown} of jobs {cells, files}, each run apart from the others."""
    size = BATCH if hasattr(os, "fork") else 1
    return [result for start in range(0, len(jobs), size) for result in _run_batch(jobs[start : start + size])]


def _run_batch(jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATHEXT") if name in os.environ}
        env = {**kept, "MPLBACKEND": "Agg", "MPLCONFIGDIR": folder, "HOME": folder, "OMP_NUM_THREADS": "1"}
        env |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-W", "ignore", str(WORKER)],
            input=json.dumps(list(jobs)), capture_output=True, text=True, encoding="utf-8",
            cwd=folder, env=env, timeout=120 + 25 * len(jobs), check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the worker that runs generated code failed with {done.returncode}: {done.stderr[-500:]}")
    return list(json.loads(done.stdout))


_MISSING = re.compile(r"ModuleNotFoundError: No module named '(\w+)")


def _judge(one: Trial, code: str, reference: dict[str, Any], result: dict[str, Any]) -> Outcome:
    kind, language = one.dialogue.kind, one.dialogue.language
    if not one.reference:
        return Outcome(kind, language, code, runs=not code, right=not code)
    if found := _MISSING.match(reference["error"]):
        return Outcome(kind, language, code, runs=False, right=False, missing=found[1])
    runs = bool(code) and not result["error"]
    return Outcome(kind, language, code, runs, runs and _same_effect(one, reference, result), note=result["error"])


def _same_effect(one: Trial, reference: dict[str, Any], result: dict[str, Any]) -> bool:
    if "import random" in one.reference:
        return bool(result["stdout"].strip())
    if reference["shown"]:
        return bool(result["shown"])
    return same_output(one.dialogue.expected or reference["stdout"], result["stdout"])


_NUMBER = r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?"
_TOKEN = re.compile(rf"{_NUMBER}|[^\s\d]")


def same_output(expected: str, printed: str) -> bool:
    """Whether two printed texts agree but for white space and the last digits of decimals (1e-6 relative)."""
    first, second = _TOKEN.findall(expected), _TOKEN.findall(printed)
    return len(first) == len(second) and all(_same_token(a, b) for a, b in zip(first, second, strict=True))


def _same_token(a: str, b: str) -> bool:
    if a == b:
        return True
    if not (re.fullmatch(_NUMBER, a) and re.fullmatch(_NUMBER, b)):
        return False
    if a.lstrip("-").isdigit() and b.lstrip("-").isdigit():
        return int(a) == int(b)
    return math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-12)


def summary(results: Sequence[Outcome]) -> list[Row]:
    """The three rates, each for English and Chinese, and what was skipped."""
    rows: list[Row] = []
    counted = [one for one in results if not one.missing]
    for language in _LANGUAGES:
        code = [one for one in counted if one.language == language and one.kind != "code_none"]
        talk = [one for one in counted if one.language == language and one.kind == "code_none"]
        rows.append(Row("code runs without error", language, sum(one.runs for one in code), len(code)))
        rows.append(Row("code prints the right result", language, sum(one.right for one in code), len(code)))
        rows.append(Row("no code for small talk", language, sum(one.right for one in talk), len(talk)))
    return [*rows, *_skipped(results)]


_LANGUAGES: tuple[Language, ...] = ("en", "zh")


def _skipped(results: Sequence[Outcome]) -> Iterator[Row]:
    for name in sorted({one.missing for one in results if one.missing}):
        yield Row(f"skipped: needs {name}", "", sum(one.missing == name for one in results), len(results))


def by_kind(results: Sequence[Outcome]) -> list[Row]:
    """Right results per kind and language."""
    rows = []
    for kind in sorted({one.kind for one in results}):
        for language in _LANGUAGES:
            some = [one for one in results if (one.kind, one.language) == (kind, language) and not one.missing]
            rows.append(Row(f"{kind}: right", language, sum(one.right for one in some), len(some)))
    return rows
