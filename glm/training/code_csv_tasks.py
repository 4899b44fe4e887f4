"""Code tasks about an uploaded CSV file whose columns are listed, and the files themselves.

pandas is not needed here: a file's rows are drawn, and what pandas would print is
written from them. The evaluation writes such a file and runs the code for real.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glm.training.code_draw import Draw
from glm.training.code_tasks import IMAGE, Case, TaskTable

CSV = TaskTable()
_task = CSV.task

Row = Mapping[str, "str | int"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABELS: Mapping[str, Sequence[str]] = {
    "month": _MONTHS, "name": ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry"),
    "region": ("North", "South", "East", "West"), "city": ("Paris", "London", "Berlin", "Rome", "Tokyo", "Oslo"),
    "product": ("lamp", "chair", "table", "sofa", "shelf"), "category": ("A", "B", "C"), "team": ("red", "blue", "green"),
    "day": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "country": ("France", "Japan", "Brazil", "Kenya", "India"),
    "department": ("sales", "support", "research"), "gender": ("female", "male"), "color": ("red", "green", "black"),
    "species": ("setosa", "virginica", "versicolor"), "student": ("Li", "Wang", "Zhang", "Chen", "Liu"),
    "brand": ("Alpha", "Nova", "Zenit", "Orion"), "class": ("1A", "1B", "2A"), "genre": ("rock", "jazz", "pop"),
    "城市": ("北京", "上海", "广州", "深圳"), "姓名": ("小明", "小红", "李雷", "王芳"), "部门": ("销售", "研发", "客服"),
    "月份": ("1月", "2月", "3月", "4月", "5月"), "产品": ("手机", "电脑", "耳机"), "地区": ("华东", "华南", "华北"),
}  # fmt: skip
_NUMERIC = tuple(
    """revenue cost price quantity sales profit age height weight score salary income temperature humidity rainfall
    views likes clicks visitors orders stock distance speed duration rating votes points goals budget expenses tax
    discount units area population density energy power voltage pressure depth width length marks credits hours
    minutes steps calories protein fat sugar fuel mileage rent deposit balance amount total shipping returns""".split()
)
_NUMERIC_ZH = ("销量", "价格", "成绩", "年龄", "工资", "数量", "温度", "利润", "身高", "体重", "收入", "成本", "库存", "得分")
_STEMS = tuple(
    """sales data orders weather students employees products results survey expenses report traffic inventory scores
    customers measurements cities budget energy movies books housing sensors race visits marketing shop clients
    grades climate""".split()
)
_STEMS_ZH = tuple("成绩 销售 学生 员工 天气 订单 库存 产品 数据 报表 调查 费用 人口 客户 考试成绩 销售数据 一班 测量 统计表 工资表".split())


@dataclass(frozen=True, slots=True)
class Table:
    """A drawn file: its path in the session, columns in order, and rows."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def labels(self) -> list[str]:
        """Names of the text columns."""
        return [name for name in self.columns if name in _LABELS]

    def numeric(self) -> list[str]:
        """Names of the number columns."""
        return [name for name in self.columns if name not in _LABELS]

    def csv(self) -> str:
        """The file's text."""
        lines = [",".join(self.columns)] + [",".join(str(row[name]) for name in self.columns) for row in self.rows]
        return "\n".join(lines) + "\n"


def table(path: str, columns: Sequence[str], rng: random.Random) -> Table:
    """A small file of plausible rows; the numbers of a column are all different."""
    count = rng.randint(5, 9)
    content: dict[str, Sequence[str | int]] = {}
    for name in columns:
        top = rng.choice((60, 100, 500, 3000))
        known = _LABELS.get(name)
        content[name] = [rng.choice(known) for _ in range(count)] if known else rng.sample(range(5, top), count)
    return Table(path, tuple(columns), tuple({name: content[name][i] for name in columns} for i in range(count)))


def _made_up(draw: Draw) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(draw.rng.choice(letters) for _ in range(draw.rng.randint(3, 6)))


def draw_table(draw: Draw) -> Table:
    """A file with a random name and one or two text columns among two to four number columns."""
    stem = draw.choice(_STEMS) if draw.chance(0.7) else _made_up(draw)
    if draw.chance(0.35):
        stem += f"_{draw.rng.choice((draw.integer(1, 99), 2023, 2024, 2025, 'final', 'new', 'q1', 'v2'))}"
    chinese = draw.language == "zh" and draw.chance(0.4)
    if chinese and draw.chance(0.6):
        stem = draw.rng.choice(_STEMS_ZH)
    known = [name for name in _LABELS if (ord(name[0]) > 255) == chinese]
    labels = draw.sample(known, draw.rng.choice((1, 1, 2)))
    numeric = draw.sample(_NUMERIC_ZH if chinese else _NUMERIC, draw.rng.choice((2, 2, 3)))
    if not chinese and draw.chance(0.3):
        numeric[0] = draw.rng.choice((_made_up(draw), f"{numeric[0]}_{draw.rng.choice(('eur', 'kg', 'total', 'avg', '2024'))}"))
    return table(f"/mnt/data/{stem}.csv", [*labels, *numeric], draw.rng)


def _read(file: Table, rest: str) -> str:
    return f'import pandas as pd\ndf = pd.read_csv("{file.path}")\n{rest}'


def _slots(draw: Draw, file: Table, **more: object) -> dict[str, object]:
    """File, columns and how the file is mentioned: in the question, or in a note before it as the Code tab writes one."""
    listed = ", ".join(file.columns)
    name = file.path.rpartition("/")[2]
    noted = draw.chance(0.5)
    if noted:
        forms = ("这个文件", "文件", "该文件", name, "这份数据") if draw.language == "zh" else ("the file", "this file", name, "the data")
    elif draw.language == "zh":
        forms = (f"{file.path}（列：{listed}）", f"文件 {file.path}（列名：{listed}）", f"上传的文件 {file.path}（包含 {listed}）",
                 f"{file.path} (columns: {listed})")  # fmt: skip
    else:
        forms = (f"{file.path} (columns: {listed})", f"the file {file.path} with the columns {listed}",
                 f"my file {file.path}, columns: {listed}", f"the upload {file.path} (it has {listed})")  # fmt: skip
    mention = draw.rng.choice(forms)
    slots: dict[str, object] = {"table": file, "path": mention if noted else file.path, "file": mention}
    return slots | ({"note": note(file)} if noted else {}) | more


def note(file: Table) -> str:
    """What the Code tab writes before a question, for a file uploaded just before it."""
    text = file.csv()
    columns = ", ".join(f'"{name}"' for name in file.columns)
    about = f"CSV, {len(file.columns)} columns: {columns}; {len(file.rows)} rows"
    return f"[{file.path} ({len(text.encode())} bytes): {about}]\n\n"


def column(file: Table, name: str) -> list[int]:
    """The numbers of one column."""
    return [int(row[name]) for row in file.rows]


_AGGREGATES = (
    ("mean", "mean|average", "平均值|平均数"), ("sum", "sum|total", "总和|合计"), ("max", "maximum|highest value|largest value", "最大值"),
    ("min", "minimum|lowest value|smallest value", "最小值"), ("median", "median", "中位数"),
)  # fmt: skip


def _aggregate(draw: Draw) -> tuple[str, str]:
    method, english, chinese = draw.rng.choices(_AGGREGATES, (4, 3, 2, 1, 1))[0]
    return method, draw.rng.choice((english if draw.language == "en" else chinese).split("|"))


_WHOLE: Mapping[str, Callable[[list[int]], int]] = {"sum": sum, "max": max, "min": min}


@_task(
    "code_csv",
    weight=3,
    en=(
        "What is the {what} of {col} in {file}?",
        "[calculate|compute|find] the {what} of [the column|] {col} in {file}",
        "Here is {file}. What is the {what} of {col}?",
        "I uploaded {file}. [Compute|Find|Tell me] the {what} of {col}.",
        "{file}. {what} of {col}?",
        "[read] {file} and [print|compute] the {what} of {col}",
        "Given {file}, tell me the {what} of {col}.",
        "[look at] {file} and give me the {what} of {col}",
    ),
    zh=(
        "{file}，{col} 的{what}是多少？",
        "[计算|求] {file} 中 {col} 的{what}",
        "我上传了 {file}。{col} 的{what}是多少？",
        "{file}。[求|计算] {col} 列的{what}。",
        "[读取] {file}，[求|输出] {col} 的{what}",
        "根据 {file}，{col} 这一列的{what}是几？",
        "请看 {file}，告诉我 {col} 的{what}",
    ),
    say_en=("The {what} of {col} is {out}.",),
    say_zh=("{col} 的{what}是 {out}。",),
)
def aggregate(draw: Draw) -> Case:
    file = draw_table(draw)
    col = draw.rng.choice(file.numeric())
    method, what = _aggregate(draw)
    values = column(file, col)
    if method in _WHOLE:
        output = str(_WHOLE[method](values))
        code = _read(file, f'print(df["{col}"].{method}())')
    else:
        output = str(round(float(statistics.mean(values) if method == "mean" else statistics.median(values)), 2))
        code = _read(file, f'print(round(df["{col}"].{method}(), 2))')
    return Case(_slots(draw, file, col=col, what=what), code, output)


def series(pairs: Sequence[tuple[str, object]], *, index: str, name: str, dtype: str) -> str:
    """A pandas Series as `print` shows it, with a named text index."""
    wide = max(len(label) for label, _ in pairs)
    values = [str(value) for _, value in pairs]
    if dtype == "float64":
        places = max(len(value.partition(".")[2]) for value in values)
        values = [f"{float(value):.{places}f}" for value in values]
    right = max(len(value) for value in values)
    lines = [index]
    lines += [label + " " * (wide - len(label) + 4) + value.rjust(right) for (label, _), value in zip(pairs, values, strict=True)]
    return "\n".join([*lines, f"Name: {name}, dtype: {dtype}"])


@_task(
    "code_csv",
    weight=2,
    en=(
        "What is the {what} {col} per {key} in {file}?",
        "[calculate|compute|show] the {what} of {col} for each {key} in {file}",
        "[group] {file} by {key} and [show|compute] the {what} of {col}",
        "I uploaded {file}. Show the {what} {col} by {key}.",
        "{file}. {what} {col} by {key}?",
        "For every {key} in {file}, what is the {what} of {col}?",
        "[break down] the {what} of {col} by {key} for {file}",
    ),
    zh=(
        "{file}，每个 {key} 的 {col} {what}是多少？",
        "[按|按照] {key} 分组，[计算|求] {file} 中 {col} 的{what}",
        "我上传了 {file}。[求|统计] 每个 {key} 的 {col} {what}。",
        "[统计|计算] {file} 里各 {key} 的 {col} {what}",
        "{file}，不同 {key} 的 {col} {what}各是多少？",
        "以 {key} 为组，算出 {file} 的 {col} {what}",
    ),
    say_en=("This is the {what} {col} for each {key}.",),
    say_zh=("以上是每个 {key} 的 {col} {what}。",),
)
def grouped(draw: Draw) -> Case:
    file = draw_table(draw)
    key, col = draw.rng.choice(file.labels()), draw.rng.choice(file.numeric())
    method, english, chinese = draw.rng.choice((("sum", "total", "总和"), ("mean", "average", "平均值")))
    groups: dict[str, list[int]] = {}
    for row in file.rows:
        groups.setdefault(str(row[key]), []).append(int(row[col]))
    pairs: list[tuple[str, object]] = []
    for label in sorted(groups):
        value = sum(groups[label])
        pairs.append((label, value if method == "sum" else round(value / len(groups[label]), 2)))
    rest = f'df.groupby("{key}")["{col}"].{method}()'
    rest = f"print({rest})" if method == "sum" else f"print({rest}.round(2))"
    dtype = "int64" if method == "sum" else "float64"
    what = english if draw.language == "en" else chinese
    output = series(pairs, index=key, name=col, dtype=dtype)
    return Case(_slots(draw, file, col=col, key=key, what=what), _read(file, rest), output)


@_task(
    "code_csv",
    weight=1.3,
    en=(
        "Which {key} has the [highest|largest] {col} in {file}?",
        "[find] the {key} with the [highest|most|largest] {col} in {file}",
        "I uploaded {file}. Which {key} has the highest {col}?",
        "{file}. Which {key} has the maximum {col}?",
        "In {file}, what {key} goes with the greatest {col}?",
        "[tell me] the {key} where {col} is at its maximum in {file}",
    ),
    zh=(
        "{file}，哪个 {key} 的 {col} 最[大|高]？",
        "[找出|求] {file} 中 {col} 最[大|高]的 {key}",
        "我上传了 {file}。哪个 {key} 的 {col} 最高？",
        "在 {file} 里，{col} 最高的 {key} 是谁？",
        "看一下 {file}，{key} 中 {col} 居首的是哪个？",
    ),
    say_en=("{out} has the highest {col}.",),
    say_zh=("{out} 的 {col} 最高。",),
)
def best(draw: Draw) -> Case:
    file = draw_table(draw)
    key, col = draw.rng.choice(file.labels()), draw.rng.choice(file.numeric())
    top = max(file.rows, key=lambda row: int(row[col]))
    code = _read(file, f'print(df.loc[df["{col}"].idxmax(), "{key}"])')
    return Case(_slots(draw, file, col=col, key=key), code, str(top[key]))


@_task(
    "code_csv",
    en=(
        "How many rows [are in|does it have]: {file}?",
        "[count] the rows of {file}",
        "I uploaded {file}. How many rows are there?",
        "{file}. number of rows?",
        "How many records does {file} contain?",
        "What is the row count of {file}?",
    ),
    zh=(
        "{file}，一共有多少行？",
        "[统计|数一下] {file} 的行数",
        "我上传了 {file}。有多少行数据？",
        "{file} 里有几条记录？",
        "告诉我 {file} 的数据条数",
    ),
    say_en=("The file has {out} rows.",),
    say_zh=("共有 {out} 行。",),
)
def row_count(draw: Draw) -> Case:
    file = draw_table(draw)
    return Case(_slots(draw, file), _read(file, "print(len(df))"), str(len(file.rows)))


@_task(
    "code_csv",
    en=(
        "How many rows of {file} have {col} [above|greater than|over] {n}?",
        "[count] the rows with {col} [above|greater than] {n} in {file}",
        "I uploaded {file}. In how many rows is {col} above {n}?",
        "{file}. how many rows with {col} > {n}?",
        "In {file}, how often does {col} exceed {n}?",
        "[tell me] how many entries of {file} have a {col} bigger than {n}",
    ),
    zh=(
        "{file}，{col} 大于 {n} 的有多少行？",
        "[统计|计算] {file} 中 {col} 大于 {n} 的行数",
        "我上传了 {file}。{col} 超过 {n} 的有几行？",
        "{file} 里 {col} > {n} 的记录有几条？",
        "数出 {file} 中 {col} 高于 {n} 的数据条数",
    ),
    say_en=("{out} rows have {col} above {n}.",),
    say_zh=("有 {out} 行的 {col} 大于 {n}。",),
)
def filtered(draw: Draw) -> Case:
    file = draw_table(draw)
    col = draw.rng.choice(file.numeric())
    n = draw.nice(5, 300)
    output = str(sum(value > n for value in column(file, col)))
    return Case(_slots(draw, file, col=col, n=n), _read(file, f'print(len(df[df["{col}"] > {n}]))'), output)


@_task(
    "code_csv",
    en=(
        "How many different values of {key} are there in {file}?",
        "[count] the [unique|distinct|different] values of {key} in {file}",
        "I uploaded {file}. How many distinct values does {key} have?",
        "{file}. number of unique {key} values?",
        "How many distinct entries does the column {key} of {file} hold?",
        "What is the number of different {key} values in {file}?",
    ),
    zh=(
        "{file}，有多少个不同的 {key}？",
        "[统计|计算] {file} 中 {key} 的不同值个数",
        "我上传了 {file}。{key} 有几种？",
        "{file} 里 {key} 一共有几种取值？",
        "看看 {file} 的 {key} 列有多少不重复的值",
    ),
    say_en=("There are {out} different values of {key}.",),
    say_zh=("{key} 有 {out} 个不同的值。",),
)
def distinct(draw: Draw) -> Case:
    file = draw_table(draw)
    key = draw.rng.choice(file.labels())
    output = str(len({row[key] for row in file.rows}))
    return Case(_slots(draw, file, key=key), _read(file, f'print(df["{key}"].nunique())'), output)


@_task(
    "code_csv",
    en=(
        "[add|compute] {a} minus {b} in {file} and [sum it up|print the total]",
        "What is the total of {a} minus {b} in {file}?",
        "I uploaded {file}. What is the sum of {a} - {b}?",
        "{file}. total of {a} - {b}?",
        "In {file}, how much is {a} minus {b} over all rows?",
        "[work out] the overall difference {a} - {b} for {file}",
    ),
    zh=(
        "{file}，{a} 减 {b} 的总和是多少？",
        "[计算|求] {file} 中 {a} 减去 {b} 的合计",
        "我上传了 {file}。{a} - {b} 的总和是多少？",
        "{file} 的所有行里 {a} 减 {b} 合计多少？",
        "算出 {file} 里 {a} 与 {b} 之差的总数",
    ),
    say_en=("The total of {a} minus {b} is {out}.",),
    say_zh=("{a} 减 {b} 的总和是 {out}。",),
)
def difference(draw: Draw) -> Case:
    file = draw_table(draw)
    a, b = draw.rng.sample(file.numeric(), 2)
    output = str(sum(column(file, a)) - sum(column(file, b)))
    rest = f'df["difference"] = df["{a}"] - df["{b}"]\nprint(df["difference"].sum())'
    return Case(_slots(draw, file, a=a, b=b), _read(file, rest), output)


def frame(columns: Sequence[str], rows: Sequence[tuple[int, Row]]) -> str:
    """Rows of a DataFrame, with their index numbers, as `print` shows them."""
    index = [str(i) for i, _ in rows]
    texts = [[str(row[name]) for _, row in rows] for name in columns]
    # pandas puts a space before each value, but not before the name of a text column.
    widths = [
        max(len(name) + (name not in _LABELS), *(len(text) + 1 for text in column))
        for name, column in zip(columns, texts, strict=True)
    ]
    left = max(len(i) for i in index)
    lines = [" " * left + "".join(" " + name.rjust(wide) for name, wide in zip(columns, widths, strict=True))]
    for number, i in enumerate(index):
        cells = "".join(" " + column[number].rjust(wide) for column, wide in zip(texts, widths, strict=True))
        lines.append(i.ljust(left) + cells)
    return "\n".join(lines)


@_task(
    "code_csv",
    weight=1.5,
    en=(
        "[show|print] the first [rows|lines] of {path}",
        "What is in {path}?",
        "[read|open|load] {path} [and show it|]",
        "I uploaded {path}. What does it contain?",
        "[look at] {path}",
        "Which columns does {path} have?",
        "[show me] a preview of {path}",
        "Can you open {path} and show its beginning?",
    ),
    zh=(
        "[显示|打印|查看] {path} 的前几行",
        "{path} 里有什么？",
        "[读取|打开] {path}",
        "我上传了 {path}，看看内容",
        "{path} 有哪些列？",
        "预览一下 {path}",
        "把 {path} 的开头给我看看",
    ),
    say_en=("The file has the columns {columns}.", "It contains the columns {columns}."),
    say_zh=("文件的列有：{columns}。",),
)
def head(draw: Draw) -> Case:
    file = draw_table(draw)
    rows = [(i, row) for i, row in enumerate(file.rows)][:5]
    slots = _slots(draw, file, columns=", ".join(file.columns))
    return Case(slots, _read(file, "print(df.head())"), frame(file.columns, rows))


@_task(
    "code_csv",
    en=(
        "[show|list] the {k} rows with the [highest|largest] {col} in {file}",
        "[sort] {file} by {col} and show the top {k}",
        "I uploaded {file}. Show the top {k} by {col}.",
        "{file}. top {k} rows by {col}?",
        "What are the {k} entries of {file} with the greatest {col}?",
        "[order] {file} by {col}, biggest first, and print {k} rows",
    ),
    zh=(
        "[显示|列出] {file} 中 {col} 最[大|高]的 {k} 行",
        "[按|按照] {col} 从大到小排序 {file}，显示前 {k} 行",
        "我上传了 {file}。{col} 前 {k} 名是哪些？",
        "{file} 里 {col} 排在前 {k} 的是什么？",
        "给出 {file} 按 {col} 降序的头 {k} 行",
    ),
    say_en=("These are the {k} rows with the highest {col}.",),
    say_zh=("以上是 {col} 最高的 {k} 行。",),
)
def top_rows(draw: Draw) -> Case:
    file = draw_table(draw)
    col, k = draw.rng.choice(file.numeric()), draw.rng.randint(2, 4)
    rows = sorted(enumerate(file.rows), key=lambda item: -int(item[1][col]))[:k]
    code = _read(file, f'print(df.sort_values("{col}", ascending=False).head({k}))')
    return Case(_slots(draw, file, col=col, k=k), code, frame(file.columns, rows))


def described(file: Table) -> str:
    """The number columns as pandas prints `DataFrame.describe()`."""
    columns = {}
    for name in file.numeric():
        values = column(file, name)
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        numbers = (len(values), statistics.mean(values), statistics.stdev(values), min(values), low, middle, high, max(values))
        cells = [f"{number:.6f}" for number in numbers]
        while all(cell.endswith("0") for cell in cells) and not all(cell.endswith(".0") for cell in cells):
            cells = [cell[:-1] for cell in cells]
        columns[name] = cells
    widths = {name: max(map(len, (name, *cells))) for name, cells in columns.items()}
    lines = [" " * 5 + "".join(f"  {name:>{widths[name]}}" for name in columns)]
    for i, label in enumerate(("count", "mean", "std", "min", "25%", "50%", "75%", "max")):
        lines.append(f"{label:<5}" + "".join(f"  {cells[i]:>{widths[name]}}" for name, cells in columns.items()))
    return "\n".join(lines)


@_task(
    "code_csv",
    en=(
        "[show|print|give me] [the|] [summary|descriptive|basic] statistics of {file}",
        "[summarize|describe|analyze] {file}",
        "I uploaded {file}. [Show|Compute] its [basic |]statistics.",
        "{file}. statistics?",
        "[analyse] the numbers in {file}",
        "What are the key statistics of {file}?",
        "[compute] mean, spread and extremes of every column in {file}",
    ),
    zh=(
        "[给出|显示|计算] {file} 的[基本|描述性|]统计[信息|量]",
        "[分析|概括|统计] {file}",
        "我上传了 {file}。[做|给出]一个统计[摘要|描述]。",
        "[分析一下|看看] {file} 的统计[数据|情况]",
        "{file} 的各项统计指标是多少？",
        "对 {file} 做描述性统计",
    ),
    say_en=("These are the statistics of {numbers}.",),
    say_zh=("以上是 {numbers} 的统计信息。",),
)
def summary(draw: Draw) -> Case:
    file = draw_table(draw)
    numbers = ("、" if draw.language == "zh" else ", ").join(file.numeric())
    return Case(_slots(draw, file, numbers=numbers), _read(file, "print(df.describe())"), described(file))


_CHARTS = (("bar", "bar chart|bar graph", "柱状图"), ("plot", "line chart|line plot", "折线图"), ("scatter", "scatter plot", "散点图"))


@_task(
    "code_csv",
    weight=2,
    en=(
        "[plot|draw] {col} by {key} as a {what} from {file}",
        "[make|draw] a {what} of {col} over {key} from {file}",
        "I uploaded {file}. [Draw|Plot] a {what} of {col} by {key}.",
        "{file}. {what} of {col} against {key}, please.",
        "[read] {file} and plot {col} against {key} as a {what}",
        "For {file}, could you show {col} per {key} in a {what}?",
        "[visualize] {col} by {key} from {file} using a {what}",
    ),
    zh=(
        "[画|绘制] {file} 中 {col} 随 {key} 的{what}",
        "{file}，以 {key} 为横轴画 {col} 的{what}",
        "我上传了 {file}。[画|做] {key} 和 {col} 的{what}。",
        "[用|以]{what}展示 {file} 中各 {key} 的 {col}",
        "根据 {file}，把 {col} 按 {key} 画成{what}",
        "请为 {file} 的 {key} 与 {col} 作一张{what}",
    ),
    say_en=("Here is the {what} of {col} by {key}.",),
    say_zh=("{what}画好了。",),
)
def chart(draw: Draw) -> Case:
    file = draw_table(draw)
    key, col = draw.rng.choice(file.labels()), draw.rng.choice(file.numeric())
    method, english, chinese = draw.rng.choices(_CHARTS, (4, 3, 1))[0]
    if method == "scatter":
        key, col = draw.rng.sample(file.numeric(), 2)
    what = draw.rng.choice((english if draw.language == "en" else chinese).split("|"))
    code = (
        f'import pandas as pd\nimport matplotlib.pyplot as plt\ndf = pd.read_csv("{file.path}")\n'
        f'plt.{method}(df["{key}"], df["{col}"])\nplt.xlabel("{key}")\nplt.ylabel("{col}")\nplt.show()'
    )
    return Case(_slots(draw, file, col=col, key=key, what=what), code, IMAGE)


@_task(
    "code_csv",
    en=(
        "[draw|make|plot] a histogram of {col} from {file}",
        "[plot] the distribution of {col} in {file}",
        "I uploaded {file}. Draw a histogram of {col}.",
        "{file}. histogram of {col}",
        "How is {col} distributed in {file}? Show a histogram.",
        "[show] {col} of {file} as a histogram",
    ),
    zh=(
        "[画|绘制] {file} 中 {col} 的直方图",
        "{file}，画 {col} 的分布直方图",
        "我上传了 {file}。画 {col} 的直方图。",
        "用直方图看 {file} 里 {col} 的分布",
        "{file} 的 {col} 分布如何？作直方图",
    ),
    say_en=("Here is the histogram of {col}.",),
    say_zh=("{col} 的直方图画好了。",),
)
def column_histogram(draw: Draw) -> Case:
    file = draw_table(draw)
    col = draw.rng.choice(file.numeric())
    code = (
        f'import pandas as pd\nimport matplotlib.pyplot as plt\ndf = pd.read_csv("{file.path}")\n'
        f'plt.hist(df["{col}"])\nplt.xlabel("{col}")\nplt.show()'
    )
    return Case(_slots(draw, file, col=col), code, IMAGE)
