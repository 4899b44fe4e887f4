"""Second questions of a chat that go on with a variable of the first answer's code. A data table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glm.training.code_csv_tasks import Table, column
from glm.training.code_draw import Draw
from glm.training.code_tasks import HELD_TEMPLATES, IMAGE, Case
from glm.training.dialogue import Language, Split


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Requests (the last two of a language held out), code with ``{v}`` for the variable, answers.

    ``{k}`` is a small number. `whole` asks for whole numbers.
    """

    code: str
    en: Sequence[str]
    zh: Sequence[str]
    say_en: str
    say_zh: str
    whole: bool = False

    def requests(self, language: Language, split: Split) -> Sequence[str]:
        """The request templates of one split."""
        every = self.en if language == "en" else self.zh
        return every[-HELD_TEMPLATES:] if split == "heldout" else every[:-HELD_TEMPLATES]


_LIST = (
    FollowUp(
        "print(sorted({v}, reverse=True))",
        ("Now sort them [in descending order|from largest to smallest].", "Sort them in descending order.", "now sort it descending",
         "Can you sort that from high to low?", "And in descending order?", "Please arrange them with the biggest first."),
        ("现在[从大到小|按降序]排列", "[把它们|再]从大到小排序", "按降序排列呢？", "由大到小排一下", "降序是怎样的？"),
        "In descending order: {items}.", "从大到小：{items}。",
    ),
    FollowUp(
        "print(round(sum({v}), 2))",
        ("[What is|And] their sum?", "Now add them up.", "What do they add up to?", "now the sum", "And the total?",
         "How much is that all together?"),
        ("它们的和是多少？", "[再|现在]求和", "加起来是多少？", "总和呢？", "全部相加等于几？"),
        "The sum is {out}.", "和是 {out}。",
    ),
    FollowUp(
        "import statistics\nprint(round(statistics.mean({v}), 4))",
        ("[What is|And] their average?", "Now compute the mean.", "What is the mean of these?", "and the average", "Now the mean, please.",
         "Tell me the average of those."),
        ("它们的平均[数|值]是多少？", "[再|现在]求平均值", "平均数呢？", "均值是多少？", "那平均值等于几？"),
        "The average is {out}.", "平均值是 {out}。",
    ),
    FollowUp(
        "print(max({v}))",
        ("Which is the largest?", "What is the maximum?", "And the largest one?", "now the max", "Which of them is the biggest?",
         "What is the highest one?"),
        ("最大的是[多少|哪个]？", "[再|现在]求最大值", "最大值呢？", "其中最大的数是几？", "哪个数最大？"),
        "The largest is {out}.", "最大的是 {out}。",
    ),
    FollowUp(
        "print(min({v}))",
        ("Which is the smallest?", "What is the minimum?", "And the smallest one?", "now the min", "Which of them is the least?",
         "What is the lowest one?"),
        ("最小的是[多少|哪个]？", "[再|现在]求最小值", "最小值呢？", "其中最小的数是几？", "哪个数最小？"),
        "The smallest is {out}.", "最小的是 {out}。",
    ),
    FollowUp(
        "print(len({v}))",
        ("How many are there?", "How many numbers is that?", "Count them.", "how many", "What is their count?", "How many of them do we have?"),
        ("一共有[几个|多少个]？", "[数|统计]一下个数", "有多少个数？", "总共几个？", "这里面有几个数？"),
        "There are {out}.", "一共 {out} 个。",
    ),
    FollowUp(
        'import matplotlib.pyplot as plt\nplt.plot({v}, marker="o")\nplt.show()',
        ("[Now plot|Plot] them.", "Plot it.", "Show them in a [plot|line chart].", "now draw a line chart of them", "Can you plot that?",
         "Please make a graph of these."),
        ("[把它们画成图|画出来]", "[现在|再]画[成|个]折线图", "画图", "把结果画成图看看", "作一张图展示它们"),
        "Here is the plot.", "图画好了。",
    ),
    FollowUp(
        "import matplotlib.pyplot as plt\nplt.bar(range(len({v})), {v})\nplt.show()",
        ("Now make a bar chart of them.", "Draw them as a bar chart.", "Show it as a bar chart.", "bar chart please", "As bars, please.",
         "Could I see that as a bar graph?"),
        ("[画成|做成]柱状图", "现在画柱状图", "用柱状图显示", "改用柱状图看看", "能用柱子表示吗？"),
        "Here is the bar chart.", "柱状图画好了。",
    ),
    FollowUp(
        "print([n ** 2 for n in {v}])",
        ("Now square each of them.", "Square them all.", "What are their squares?", "And their squares?", "Raise every number to the second power."),
        ("[再|现在]求每个数的平方", "它们的平方是多少？", "每个数平方呢？", "分别平方等于几？", "把每个都平方一下"),
        "The squares are {items}.", "平方分别是 {items}。", whole=True,
    ),
    FollowUp(
        "print([n for n in {v} if n % 2 == 0])",
        ("Which of them are even?", "Keep only the even ones.", "now only the even numbers", "Show just the even ones.", "Are there even numbers among them?"),
        ("其中哪些是偶数？", "只保留偶数", "偶数有哪些？", "里面的偶数是哪些？", "挑出偶数看看"),
        "The even ones: {items}.", "偶数：{items}。", whole=True,
    ),
    FollowUp(
        "print({v}[-1])",
        ("What is the last one?", "Show only the last one.", "And the last number?", "Which one comes last?", "Tell me just the final one."),
        ("最后一个是[多少|什么]？", "只显示最后一个", "最后一个数呢？", "末尾的那个是几？", "排在最后的是哪个数？"),
        "The last one is {out}.", "最后一个是 {out}。",
    ),
    FollowUp(
        "print({v}[:{k}])",
        ("Show only the first {k}.", "What are the first {k} of them?", "Just the first {k}, please.", "Give me the leading {k} numbers.", "Only {k} from the start, please."),
        ("只[显示|要]前 {k} 个", "前 {k} 个是什么？", "给我前 {k} 个", "取开头 {k} 个", "只看最前面的 {k} 个"),
        "The first {k}: {items}.", "前 {k} 个：{items}。",
    ),
    FollowUp(
        "print([n * {k} for n in {v}])",
        ("Multiply each of them by {k}.", "Now multiply them all by {k}.", "And each times {k}?", "What are they when multiplied by {k}?", "Scale every number by {k}."),
        ("每个数乘以 {k}", "[再|现在]都乘以 {k}", "都乘 {k} 是多少？", "每个扩大到 {k} 倍呢？", "全部乘上 {k}"),
        "Times {k}: {items}.", "乘以 {k} 后：{items}。", whole=True,
    ),
)  # fmt: skip
_RESULT = (
    FollowUp(
        "print(result * {k})",
        ("Now multiply it by {k}.", "Multiply that by {k}.", "And times {k}?", "times {k}", "What is {k} times that?", "Take that {k} times."),
        ("再乘以 {k}", "[结果|把它]乘以 {k}", "乘以 {k} 呢？", "它的 {k} 倍是多少？", "结果扩大到 {k} 倍是几？"),
        "That gives {out}.", "得到 {out}。",
    ),
    FollowUp(
        "print(result + {k})",
        ("Now add {k}.", "Add {k} to that.", "And plus {k}?", "plus {k}", "What if I add {k} to it?", "Increase that by {k}."),
        ("再加[上|] {k}", "[结果|把它]加上 {k}", "加 {k} 呢？", "它加 {k} 等于几？", "结果再多 {k} 是多少？"),
        "That gives {out}.", "得到 {out}。",
    ),
    FollowUp(
        "print(result - {k})",
        ("Now subtract {k}.", "Subtract {k} from that.", "And minus {k}?", "minus {k}", "What is left if I take {k} away?", "Decrease it by {k}."),
        ("再减[去|] {k}", "[结果|把它]减去 {k}", "减 {k} 呢？", "它减 {k} 等于几？", "结果少 {k} 是多少？"),
        "That gives {out}.", "得到 {out}。",
    ),
    FollowUp(
        "print(result ** 2)",
        ("Now square it.", "Square that.", "What is its square?", "And the square of that?", "Raise that to the second power."),
        ("再平方", "[结果|它]的平方是多少？", "平方呢？", "把结果平方一下", "它自乘等于几？"),
        "Its square is {out}.", "平方是 {out}。",
    ),
    FollowUp(
        "print(round(result / {k}, 4))",
        ("Now divide it by {k}.", "Divide that by {k}.", "And divided by {k}?", "What is that split into {k} parts?", "Split that by {k}."),
        ("再除以 {k}", "[结果|把它]除以 {k}", "除以 {k} 呢？", "它分成 {k} 份每份多少？", "结果用 {k} 去除等于几？"),
        "That gives {out}.", "得到 {out}。",
    ),
)  # fmt: skip
_TEXT = (
    FollowUp(
        "print(text.upper())",
        ("Now in upper case.", "Write it in capital letters.", "And in uppercase?", "Put that in capitals.", "Make all its letters big."),
        ("再转成大写", "变成大写", "大写呢？", "用大写字母写一遍", "它的大写形式是什么？"),
        "{out}", "大写：{out}",
    ),
    FollowUp(
        "print(text[::-1])",
        ("Now reverse it.", "And backwards?", "Reverse the text.", "Turn it around.", "How is it spelled from the end?"),
        ("再反转", "倒过来呢？", "反转这个文本", "从后往前写一遍", "把它颠倒一下"),
        "Reversed: {out}", "反转后：{out}",
    ),
    FollowUp(
        "print(len(text))",
        ("How long is it?", "And its length?", "How many characters does it have?", "Tell me the number of characters.", "Measure its length."),
        ("它有多长？", "长度呢？", "它有多少个字符？", "字符数是几？", "告诉我它的长度"),
        "It has {out} characters.", "长度是 {out}。",
    ),
)  # fmt: skip
_FRAME_EN = ("And the {what} of {col}?", "Now the {what} of {col}.", "What about the {what} of {col}?", "What is the {what} of {col}?",
             "Do the same for the {what} of {col}.", "Also give me the {what} of {col}.")  # fmt: skip
_FRAME_ZH = ("那 {col} 的{what}呢？", "再求 {col} 的{what}", "{col} 的{what}是多少？", "顺便算出 {col} 的{what}", "还有 {col} 的{what}是几？")
_WHOLE: Mapping[str, tuple[str, str, Callable[[list[int]], int]]] = {
    "sum": ("total", "总和", sum),
    "max": ("maximum", "最大值", max),
    "min": ("minimum", "最小值", min),
}


def follow_up(draw: Draw, first: Case, *, whole: bool) -> tuple[str, Case, str] | None:
    """Request, case and answer template of a question after `first`; None when it left nothing to go on with.

    `whole` says whether the list that `first` leaves holds whole numbers only.
    """
    if isinstance(table := first.slots.get("table"), Table):
        return _frame(draw, table)
    if first.leaves:
        chosen = draw.rng.choice([f for f in _LIST if (whole or not f.whole) and _fits(f, first)])
    elif first.code.startswith("result ="):
        chosen = draw.rng.choice(_RESULT)
    elif first.code.startswith("text ="):
        chosen = draw.rng.choice([f for f in _TEXT if f.code not in first.code])
    else:
        return None
    small = "[:{k}]" in chosen.code
    slots = {"k": draw.integer(2, 3) if small else draw.nice(2, 60), "v": first.leaves}
    request = draw.phrase(chosen.requests(draw.language, draw.split)).format_map(slots)
    code = chosen.code.format_map(slots)
    say = chosen.say_en if draw.language == "en" else chosen.say_zh
    return request, Case(slots, code, IMAGE if "plt.show" in code else None), say


def _fits(after: FollowUp, first: Case) -> bool:
    """Whether the question is new, and about the list itself where the first code only showed it sorted."""
    code = after.code.replace("{v}", first.leaves)
    if "sorted(" in first.code and ("{v}[" in after.code or "plt." in after.code):
        return False
    return code.split("\n")[-1] not in first.code


def _frame(draw: Draw, table: Table) -> tuple[str, Case, str]:
    col, method = draw.rng.choice(table.numeric()), draw.rng.choice(sorted(_WHOLE))
    english, chinese, compute = _WHOLE[method]
    slots = {"col": col, "what": english if draw.language == "en" else chinese, "table": table}
    templates = _FRAME_EN if draw.language == "en" else _FRAME_ZH
    split = templates[-HELD_TEMPLATES:] if draw.held else templates[:-HELD_TEMPLATES]
    request = draw.rng.choice(split).format_map(slots)
    say = "The {what} of {col} is {out}." if draw.language == "en" else "{col} 的{what}是 {out}。"
    return request, Case(slots, f'print(df["{col}"].{method}())', str(compute(column(table, col)))), say
