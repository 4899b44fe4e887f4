"""Broken code with its error: what a first attempt gets wrong, for learning to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glm.training.code_csv_tasks import Table
from glm.training.code_draw import Draw
from glm.training.code_run import failure
from glm.training.code_tasks import Case, Task


@dataclass(frozen=True, slots=True)
class Broken:
    """A wrong attempt and the error it ends with; `line` is where it fails, from 1."""

    code: str
    error: str
    line: int


_BREAKS: Sequence[tuple[str, str]] = (
    # pattern in the right code, replacement that makes it fail
    (r"^import (?!pandas|matplotlib)\w+( as \w+)?\n", ""),
    (r"^import (?!pandas|matplotlib)\w+( as \w+)?\n", ""),
    (r"\)\Z", ""),
    (r"^((?:for|while|def|    if) .*):$", r"\1"),
    (r"^print\(result\)\Z", 'print("Result: " + result)'),
    (r"^print\(total\)\Z", 'print("Total: " + total)'),
    (r"^print\(area\)\Z", 'print("Area: " + area)'),
    (r"^x = symbols\(\"x\"\)\n", ""),
    (r"^(from sympy import .*), symbols$", r"\1"),
    (r"print\(round\(sum\(numbers\), 2\)\)", "print(numbers.sum())"),
    (r"print\(max\(numbers\)\)", "print(numbers.max())"),
    (r"print\(min\(numbers\)\)", "print(numbers.min())"),
    (r"print\(sorted\(numbers\)\)", "print(numbers.sorted())"),
    (r"print\(text\[::-1\]\)", "print(text.reverse())"),
    (r"print\(len\(text\)\)", "print(text.length())"),
    (r"print\(len\(text\.split\(\)\)\)", "print(text.words())"),
    (r"text\.(upper|lower|title)\(\)", r"text.to_\1()"),
    (r"in str\((\d+)\)", r"in \1"),
    (r"fib = \[0, 1\]", "fib = [0]"),
    (r"range\(2, n\)\)", "range(0, n))"),
    (r'^text = "(\w+)"$', r"text = \1"),
    (r"(?<=[ (])numbers(?=[)\]])", "number"),
    (r"^numbers = \[", "values = ["),
    (r"print\(primes\)", "print(prime)"),
    (r"print\(result\)", "print(results)"),
    (r"print\(fib\)", "print(fibonacci)"),
    (r"statistics\.mean\(", "statistics.average("),
    (r"statistics\.stdev\(", "statistics.std("),
    (r"math\.factorial\(", "math.fact("),
    (r"np\.linalg\.det\(", "np.det("),
    (r"np\.linalg\.inv\(", "np.inv("),
)


def broken(draw: Draw, task: Task, case: Case) -> Broken | None:
    """A wrong attempt at the case, or None where no known mistake fits its code."""
    if task.kind == "code_csv":
        return _broken_file(draw, case)
    if task.kind == "code_plot":
        return _broken_plot(draw, case)
    fitting = [(pattern, new) for pattern, new in _BREAKS if re.search(pattern, case.code, re.MULTILINE)]
    while fitting:
        pattern, new = fitting.pop(draw.rng.randrange(len(fitting)))
        code = re.sub(pattern, new, case.code, count=1, flags=re.MULTILINE)
        if found := failure(code):
            return Broken(code, *found)
    return None


def _line_of(code: str, text: str) -> int:
    """Number of the first line with `text`, from 1."""
    return next(number for number, line in enumerate(code.split("\n"), 1) if text in line)


def _broken_file(draw: Draw, case: Case) -> Broken:
    """Mistakes with a data file; the errors are pandas' own words, written down here."""
    table = case.slots["table"]
    assert isinstance(table, Table)
    used = [name for name in table.columns if f'"{name}"' in case.code]
    style = draw.rng.random()
    if style < 0.55 and used:
        name = draw.rng.choice(used)
        wrongs = [name.capitalize(), name.upper(), name + "s", name + "_value", name + " "]
        wrong = draw.rng.choice([w for w in wrongs if w not in table.columns])
        code = case.code.replace(f'"{name}"', f'"{wrong}"', 1)
        return Broken(code, f"KeyError: '{wrong}'", _line_of(code, f'"{wrong}"'))
    if style < 0.8:
        code = case.code.replace("/mnt/data/", "")
        name = table.path.rpartition("/")[2]
        error = f"FileNotFoundError: [Errno 2] No such file or directory: '{name}'"
        return Broken(code, error, _line_of(code, "read_csv"))
    return _without_import(case.code, "pandas", "pd")


def _broken_plot(draw: Draw, case: Case) -> Broken:
    if "np." in case.code and draw.chance(0.5):
        return _without_import(case.code, "numpy", "np")
    if "plt.bar(labels" in case.code and draw.chance(0.4):
        code = case.code.replace("import matplotlib.pyplot as plt", "import seaborn as sns")
        code = code.replace("plt.bar(labels, values)", "sns.barplot(x=labels, y=values)").replace("plt.show", "sns.show")
        return Broken(code, "ModuleNotFoundError: No module named 'seaborn'", 1)
    return _without_import(case.code, "matplotlib.pyplot", "plt")


def _without_import(code: str, module: str, alias: str) -> Broken:
    wrong = code.replace(f"import {module} as {alias}\n", "", 1)
    return Broken(wrong, f"NameError: name '{alias}' is not defined", _line_of(wrong, f"{alias}."))


def traceback(draw: Draw, attempt: Broken) -> str:
    """The error as an interpreter reports it: in full, with the failing line, or its last line only."""
    style = draw.rng.random()
    if style < 0.45:
        return attempt.error
    source = attempt.code.split("\n")[min(attempt.line, attempt.code.count("\n") + 1) - 1].strip()
    if style < 0.75 or attempt.error.startswith("SyntaxError"):
        place = f'  File "<cell>", line {attempt.line}, in <module>'
        if attempt.error.startswith("SyntaxError"):
            return f'  File "<cell>", line {attempt.line}\n    {source}\n{attempt.error}'
        return f"Traceback (most recent call last):\n{place}\n{attempt.error}"
    return f'Traceback (most recent call last):\n  File "<cell>", line {attempt.line}, in <module>\n    {source}\n{attempt.error}'
