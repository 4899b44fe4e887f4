"""What the scripted engine says when it has no script: small demonstrations.

Some words in the question choose one: a table, code, formulas, a long answer, a slow
prompt, an error, a tool. Anything else is echoed. It is text for trying screens;
nothing here understands the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from glm.errors import EngineError
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec

_SLOW_PROMPT_SECONDS = 8.0
_LONG_ANSWER_ITEMS = 60
_CJK = re.compile(r"[\u4e00-\u9fff]")

_TABLE = """A small table:

| City | Country | Inhabitants |
|:-----|:--------|------------:|
| Beijing | China | 21,893,095 |
| Paris | France | 2,102,650 |
| Nairobi | Kenya | 4,397,073 |

Numbers are aligned to the right."""

_TABLE_ZH = """一个小表格：

| 城市 | 国家 | 人口 |
|:-----|:-----|-----:|
| 北京 | 中国 | 21,893,095 |
| 巴黎 | 法国 | 2,102,650 |
| 内罗毕 | 肯尼亚 | 4,397,073 |

数字右对齐。"""

_CODE = """Here is **quicksort** in Python:

```python
def quicksort(values: list[int]) -> list[int]:
    if len(values) < 2:
        return values
    pivot, *rest = values
    below = [v for v in rest if v < pivot]
    above = [v for v in rest if v >= pivot]
    return quicksort(below) + [pivot] + quicksort(above)


print(quicksort([3, 1, 4, 1, 5, 9, 2, 6]))  # costs "$5", not a formula
```

It needs `O(n log n)` steps on average."""

_CODE_ZH = """下面是 Python 的**快速排序**：

```python
def quicksort(values: list[int]) -> list[int]:
    if len(values) < 2:
        return values
    pivot, *rest = values
    below = [v for v in rest if v < pivot]
    above = [v for v in rest if v >= pivot]
    return quicksort(below) + [pivot] + quicksort(above)


print(quicksort([3, 1, 4, 1, 5, 9, 2, 6]))  # "$5" 不是公式
```

平均需要 `O(n log n)` 步。"""

_MATH = r"""The quadratic equation $ax^2 + bx + c = 0$ has the solutions

$$x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$

and \(e^{i\pi} + 1 = 0\) is Euler's identity. The Gaussian integral is

\[\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}\]

A coffee costs between $5 and $10, which is money and no formula."""

_MATH_ZH = r"""一元二次方程 $ax^2 + bx + c = 0$ 的解是

$$x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$

\(e^{i\pi} + 1 = 0\) 是欧拉恒等式。高斯积分为

\[\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}\]

一杯咖啡 $5 到 $10，这是价钱，不是公式。"""

_LONG = "Item {} of a long answer, to try scrolling and Stop."
_LONG_ZH = "这是长回答的第 {} 行，用来试试滚动和停止。"
_SLOW = "The prompt took a while to read; Stop works in that time too."
_SLOW_ZH = "读取提示用了一会儿；这段时间里也可以停止。"


def demo_reply(
    messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> tuple[tuple[str | ToolCall | BaseException, ...], float]:
    """The parts of a demonstration reply to `messages`, and the seconds its prompt should take."""
    last = messages[-1] if messages else Message("user", "")
    chinese = bool(_CJK.search(last.content))
    if last.role == "observation":
        return (_report(last.content, chinese),), 0.0
    asks = _Asks(last.content)
    if tools and asks.about("tool", "工具"):
        return (_example_call(tools[0]),), 0.0
    if asks.about("error", "错误"):
        return ("This answer breaks off", EngineError("this is the error you asked for; try again")), 0.0
    if asks.about("slow", "慢"):
        return (_SLOW_ZH if chinese else _SLOW,), _SLOW_PROMPT_SECONDS
    if asks.about("long", "长"):
        return (_long(chinese),), 0.0
    shown = [
        text
        for english, other, text in (
            ("table", "表格", _TABLE_ZH if chinese else _TABLE),
            ("code", "代码", _CODE_ZH if chinese else _CODE),
            ("math", "公式", _MATH_ZH if chinese else _MATH),
        )
        if asks.about(english, other)
    ]
    return ("\n\n".join(shown) or _echo(last.content, chinese),), 0.0


class _Asks:
    """Which words a question contains."""

    def __init__(self, question: str) -> None:
        self._question = question.lower()
        self._words = set(re.findall(r"[a-z]+", self._question))

    def about(self, english: str, chinese: str) -> bool:
        return english in self._words or chinese in self._question


def _echo(question: str, chinese: bool) -> str:
    quoted = "\n".join(f"> {line}" for line in question.splitlines())
    if chinese:
        return (
            f"我是**脚本引擎**，背后没有模型。您刚才说：\n\n{quoted}\n\n"
            "试试这些词：`表格`、`代码`、`公式`、`长`、`慢`、`错误`。"
        )
    return (
        f"I am the **scripted engine**; there is no model behind me. You said:\n\n{quoted}\n\n"
        "Try one of these words: `table`, `code`, `math`, `long`, `slow`, `error`."
    )


def _long(chinese: bool) -> str:
    line = (
        "这是长回答的第 {} 行，用来试试滚动和停止。"
        if chinese
        else "Item {} of a long answer, to try Stop and scrolling."
    )
    return "\n".join(f"{number}. {line.format(number)}" for number in range(1, _LONG_ANSWER_ITEMS + 1))


def _report(observation: str, chinese: bool) -> str:
    opening = "工具返回：" if chinese else "The tool returned:"
    return f"{opening}\n\n```\n{observation}\n```"


def _example_call(tool: ToolSpec) -> ToolCall:
    if tool.name == INTERPRETER:
        return ToolCall(INTERPRETER, {"code": "print(sum(range(101)))"})
    properties: dict[str, dict[str, Any]] = dict(tool.parameters.get("properties", {}))
    return ToolCall(tool.name, {name: _example_value(schema) for name, schema in properties.items()})


def _example_value(schema: dict[str, Any]) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    examples: dict[str, Any] = {"integer": 3, "number": 1.5, "boolean": True, "array": [], "object": {}}
    return examples.get(schema.get("type", "string"), "example")
