"""Code tasks that draw: curves, bar and pie charts, histograms, scatter plots. A data table."""

from __future__ import annotations

from glm.training.code_draw import Draw
from glm.training.code_tasks import IMAGE, Case, TaskTable
from glm.training.code_text_tasks import maths

PLOTS = TaskTable()
_task = PLOTS.task

_CURVES = (
    ("sin(x)", "np.sin(x)"), ("cos(x)", "np.cos(x)"), ("tan(x)", "np.tan(x)"), ("exp(x)", "np.exp(x)"),
    ("x**2", "x**2"), ("x**3", "x**3"), ("log(x)", "np.log(x)"), ("sqrt(x)", "np.sqrt(x)"), ("abs(x)", "np.abs(x)"),
    ("exp(-x)", "np.exp(-x)"), ("sin(x)**2", "np.sin(x)**2"), ("x*sin(x)", "x*np.sin(x)"), ("1/x", "1/x"),
    ("sin(x) + cos(x)", "np.sin(x) + np.cos(x)"), ("exp(-x**2)", "np.exp(-x**2)"), ("sin(x)/x", "np.sin(x)/x"),
    ("tanh(x)", "np.tanh(x)"), ("x*cos(x)", "x*np.cos(x)"),
)  # fmt: skip
_NAMED = (
    ("the sine function", "正弦函数", "sin(x)"), ("a sine wave", "正弦曲线", "sin(x)"),
    ("the cosine function", "余弦函数", "cos(x)"), ("a cosine wave", "余弦曲线", "cos(x)"),
    ("the tangent function", "正切函数", "tan(x)"), ("the exponential function", "指数函数", "exp(x)"),
    ("a parabola", "抛物线", "x**2"), ("the logarithm", "对数函数", "log(x)"),
    ("the square root function", "平方根函数", "sqrt(x)"), ("the bell curve", "钟形曲线", "exp(-x**2)"),
    ("a sine curve", "正弦函数", "sin(x)"), ("the absolute value function", "绝对值函数", "abs(x)"),
)  # fmt: skip


def _curve(draw: Draw) -> tuple[str, str]:
    """A formula and its numpy source."""
    style = draw.rng.random()
    if style < 0.45:
        return draw.rng.choice(_CURVES)
    k, c = draw.integer(2, 9), draw.rng.randint(1, 12)
    if style < 0.65:
        name = draw.rng.choice(("sin", "cos"))
        return draw.rng.choice(
            ((f"{name}({k}*x)", f"np.{name}({k}*x)"), (f"{k}*{name}(x)", f"{k}*np.{name}(x)"))
        )
    sign = draw.rng.choice("+-")
    formula = draw.rng.choice((
        f"x**2 {sign} {k}*x + {c}", f"{k}*x {sign} {c}", f"x**3 - {k}*x", f"{k}*x**2 {sign} {c}", f"x**2 {sign} {c}",
        f"-x**2 + {k}*x", f"x**3 {sign} {k}*x**2 + {c}",
    ))  # fmt: skip
    return formula, formula


def _span(draw: Draw, formula: str) -> tuple[str, str]:
    """A range of x in which the formula is defined."""
    if "log" in formula or "sqrt" in formula or "1/x" in formula:
        return "0.1", str(draw.nice(2, 100))
    if "exp" in formula:
        return "-3", "3"
    high = draw.nice(2, 30)
    return draw.rng.choice((f"-{high}", "0")), str(high)


def curve_code(expression: str, title: str, low: str, high: str) -> str:
    """The one way a curve is drawn; `low` and `high` are source text."""
    return (
        f"import numpy as np\nimport matplotlib.pyplot as plt\nx = np.linspace({low}, {high}, 400)\n"
        f'plt.plot(x, {expression})\nplt.title("{title}")\nplt.grid(True)\nplt.show()'
    )


_DONE_EN = ("Here is the plot of {f}.", "The figure shows {f}.", "I plotted {f} for you.")
_DONE_ZH = ("{f} 的图像画好了。", "这是 {f} 的图像。", "图像已经画出来了。")


@_task(
    "code_plot",
    weight=2.5,
    en=(
        "[plot|draw|graph] {f}",
        "[plot|draw|graph] y = {f}",
        "[plot|show] the function {f}",
        "[show me|make] a [plot|graph] of {f}",
        "plot of {f}",
        "[draw] the curve y = {f}",
        "What does {f} look like?",
        "Can I see the graph of {f}?",
        "[visualize|sketch] {f}",
        "How does the curve of {f} look?",
    ),
    zh=(
        "[画|绘制|画出] {f} 的[图像|曲线|图]",
        "[画|绘制] y = {f}",
        "[画|绘制] 函数 {f} 的图像",
        "画一[个|张|下] {f} 的[图|图像]",
        "y = {f} 的图像是什么样的？",
        "{f}的图像",
        "看看 {f} 长什么样",
        "作出 y = {f} 的函数图",
    ),
    say_en=_DONE_EN,
    say_zh=_DONE_ZH,
)
def curve(draw: Draw) -> Case:
    formula, expression = _curve(draw)
    low, high = ("0.1", "10") if any(p in formula for p in ("log", "sqrt", "1/x", ")/x")) else ("-10", "10")
    if "exp" in formula:
        low, high = "-3", "3"
    return Case({"f": maths(draw, formula)}, curve_code(expression, formula, low, high), IMAGE)


@_task(
    "code_plot",
    weight=1.3,
    en=(
        "[plot|draw|graph] {name_en}",
        "[show me|make] a [plot|graph] of {name_en}",
        "[draw|plot] {name_en} with matplotlib",
        "Can you show me {name_en}?",
        "picture of {name_en}",
        "What does {name_en} look like?",
        "[make] a picture of {name_en}",
    ),
    zh=(
        "[画|绘制|画出] {name_zh}",
        "[画|绘制] 一[条|个] {name_zh}",
        "画一[个|张|下]{name_zh}的[图|图像]",
        "用 matplotlib [画|绘制]{name_zh}",
        "{name_zh}是什么样子？",
        "我想看{name_zh}的图像",
        "作一幅{name_zh}图",
    ),
    say_en=("Here is {name_en}.", "The figure shows {name_en}."),
    say_zh=("{name_zh}画好了。", "这是{name_zh}的图像。"),
)
def named_curve(draw: Draw) -> Case:
    english, chinese, formula = draw.rng.choice(_NAMED)
    expression = dict(_CURVES)[formula]
    low, high = ("0.1", "10") if formula in ("log(x)", "sqrt(x)") else ("-10", "10")
    if "exp" in formula:
        low, high = "-3", "3"
    code = curve_code(expression, formula, low, high)
    return Case({"name_en": english, "name_zh": chinese}, code, IMAGE)


@_task(
    "code_plot",
    weight=1.8,
    en=(
        "[plot|draw|graph] {f} from {a} to {b}",
        "[plot|draw] y = {f} for x from {a} to {b}",
        "[plot] {f} between {a} and {b}",
        "[show me|make] a graph of {f} from {a} to {b}",
        "{f} from {a} to {b}, plot it",
        "[plot] {f} on the interval ({a}, {b})",
        "[draw] the function {f} with x between {a} and {b}",
        "How does {f} look from x = {a} to x = {b}?",
    ),
    zh=(
        "[画|绘制] {f} 从 {a} 到 {b} 的[图像|曲线]",
        "[画出|绘制] y = {f}，x 从 {a} 到 {b}",
        "[画|绘制] {f} 的图像，范围 {a} 到 {b}",
        "在 {a} 到 {b} 上画 {f} 的图像",
        "y = {f} 在 {a} 和 {b} 之间是什么样？",
        "x 取 {a} 到 {b}，作出 {f} 的图",
    ),
    say_en=("Here is the plot of {f} from {a} to {b}.", "The figure shows {f} between {a} and {b}."),
    say_zh=("这是 {f} 从 {a} 到 {b} 的图像。", "图像画好了，x 从 {a} 到 {b}。"),
)
def curve_range(draw: Draw) -> Case:
    formula, expression = _curve(draw)
    low, high = _span(draw, formula)
    slots = {"f": maths(draw, formula), "a": low, "b": high}
    return Case(slots, curve_code(expression, formula, low, high), IMAGE)


@_task(
    "code_plot",
    en=(
        "[plot|draw] {f} and {g} [in one figure|together|in the same plot]",
        "[compare] {f} and {g} in one plot",
        "[draw] {f} and {g}",
        "plot {f}, {g}",
        "[show] the curves of {f} and {g} in a single figure",
        "Can I see {f} together with {g}?",
    ),
    zh=(
        "[画|绘制] {f} 和 {g} 的[图像|曲线]",
        "在[同一张图|一张图]里画 {f} 和 {g}",
        "把 {f} 和 {g} 画在[同一张图里|一起]",
        "用一张图比较 {f} 与 {g}",
        "同时作出 {f} 跟 {g} 的图",
    ),
    say_en=("The figure shows {f} and {g}.", "Here are {f} and {g}."),
    say_zh=("{f} 和 {g} 的图像画好了。",),
)
def two_curves(draw: Draw) -> Case:
    safe = [c for c in _CURVES if not any(p in c[0] for p in ("log", "sqrt", "1/x", ")/x", "exp"))]
    (f, first), (g, second) = draw.rng.sample(safe, 2)
    code = (
        "import numpy as np\nimport matplotlib.pyplot as plt\nx = np.linspace(-10, 10, 400)\n"
        f'plt.plot(x, {first}, label="{f}")\nplt.plot(x, {second}, label="{g}")\nplt.legend()\nplt.show()'
    )
    return Case({"f": maths(draw, f), "g": maths(draw, g)}, code, IMAGE)


_GROUPS_EN = (
    tuple("apples bananas cherries grapes lemons mangoes oranges peaches pears plums melons kiwis".split()),
    tuple("January February March April May June July August September October November December".split()),
    tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    tuple("Anna Ben Clara David Emma Felix Grace Henry Ivy Jack Kate Leo Mia Noah".split()),
    tuple("Paris London Berlin Madrid Rome Vienna Tokyo Beijing Shanghai Oslo Lisbon Athens Cairo Lima".split()),
    tuple("rent food travel clothes books sports music insurance energy phone school gifts".split()),
    tuple("Python Java Rust Go Ruby Swift Kotlin Scala Perl Haskell Lua Julia".split()),
    tuple("red blue green yellow black white".split()), tuple("A B C D E F G H".split()),
    tuple("cats dogs birds fish rabbits horses cows sheep goats ducks frogs bees".split()),
)  # fmt: skip
_GROUPS_ZH = (
    tuple("苹果 香蕉 葡萄 橙子 西瓜 梨 桃子 草莓 芒果 柠檬 樱桃 李子".split()),
    tuple("一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月".split()),
    tuple("周一 周二 周三 周四 周五 周六 周日".split()),
    tuple("北京 上海 广州 深圳 杭州 成都 武汉 南京 西安 重庆 天津 苏州".split()),
    tuple("语文 数学 英语 物理 化学 历史 地理".split()),
    tuple("小明 小红 小刚 小丽 李雷 王芳 张伟 刘洋 陈静 赵强 孙丽 吴敏".split()),
    tuple("房租 餐饮 交通 购物 娱乐 教育 医疗 旅行".split()), tuple("A B C D E".split()),
)  # fmt: skip


def labels(draw: Draw, low: int = 2, high: int = 6) -> list[str]:
    """Labels of one group, in random or given order."""
    groups = _GROUPS_EN if draw.language == "en" or draw.chance(0.2) else _GROUPS_ZH
    pool = draw.part(draw.rng.choice(groups))
    count = min(draw.rng.randint(low, high), len(pool))
    return draw.rng.sample(list(pool), count)


def _pairs(draw: Draw, names: list[str], values: list[int]) -> str:
    """Labels with their values as people type them."""
    style = draw.rng.randint(0, 3)
    comma = "，" if draw.language == "zh" and draw.chance(0.6) else ", "
    if style == 0:
        return comma.join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    if style == 1:
        return comma.join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    if style == 2:
        return comma.join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    middle = "，数值 " if draw.language == "zh" else " with the values "
    return ", ".join(names) + middle + ", ".join(map(str, values))


def _labelled(draw: Draw) -> tuple[str, str]:
    names = labels(draw)
    top = draw.rng.choice((20, 100, 1000, 5000))
    values = [draw.integer(1, top) for _ in names]
    source = f"labels = [{', '.join(quoted(name) for name in names)}]\nvalues = {values}"
    return _pairs(draw, names, values), source


def quoted(text: str) -> str:
    """A string as double-quoted Python source."""
    return f'"{text}"'


@_task(
    "code_plot",
    weight=2,
    en=(
        "[draw|make|plot|create] a bar chart [of|for] {pairs}",
        "[draw|make] a bar chart: {pairs}",
        "bar chart of {pairs}",
        "[show] {pairs} as a bar chart",
        "Can you make a bar graph of this data: {pairs}?",
        "I have {pairs}. Draw a bar chart.",
        "[visualize] {pairs} with bars",
        "Please turn this into a bar chart: {pairs}",
    ),
    zh=(
        "[画|绘制|做] 一个柱状图：{pairs}",
        "[画|绘制] 柱状图，数据是 {pairs}",
        "[用|以]柱状图[表示|显示] {pairs}",
        "{pairs}，画柱状图",
        "根据数据 {pairs} 画一张柱状图",
        "把 {pairs} 做成条形图",
        "数据如下：{pairs}。请用柱形图展示。",
    ),
    say_en=("Here is the bar chart.", "The bar chart shows {pairs}."),
    say_zh=("柱状图画好了。", "这是柱状图。"),
)
def bar_chart(draw: Draw) -> Case:
    pairs, source = _labelled(draw)
    code = f"import matplotlib.pyplot as plt\n{source}\nplt.bar(labels, values)\nplt.show()"
    return Case({"pairs": pairs}, code, IMAGE, leaves="values")


@_task(
    "code_plot",
    weight=1.5,
    en=(
        "[draw|make|plot|create] a pie chart [of|for] {pairs}",
        "[draw|make] a pie chart: {pairs}",
        "pie chart of {pairs}",
        "[show] {pairs} as a pie chart",
        "Can you make a pie chart of this data: {pairs}?",
        "I have {pairs}. Draw a pie chart.",
        "[visualize] the shares {pairs} in a pie",
        "Please turn this into a pie chart: {pairs}",
    ),
    zh=(
        "[画|绘制|做] 一个饼图：{pairs}",
        "[画|绘制] 饼图，数据是 {pairs}",
        "[用|以]饼图[表示|显示] {pairs}",
        "{pairs}，画饼图",
        "根据数据 {pairs} 画一张饼图",
        "把 {pairs} 做成饼状图",
        "数据如下：{pairs}。请用饼图展示。",
    ),
    say_en=("Here is the pie chart.", "The pie chart shows {pairs}."),
    say_zh=("饼图画好了。", "这是饼图。"),
)
def pie_chart(draw: Draw) -> Case:
    pairs, source = _labelled(draw)
    code = f'import matplotlib.pyplot as plt\n{source}\nplt.pie(values, labels=labels, autopct="%1.1f%%")\nplt.show()'
    return Case({"pairs": pairs}, code, IMAGE, leaves="values")


@_task(
    "code_plot",
    weight=1.2,
    en=(
        "[draw|make|plot] a line chart of {nums}",
        "[plot] the numbers {nums}",
        "[plot|draw] {nums} as a line",
        "line plot of {nums}",
        "[show] {nums} as a line chart",
        "I measured {nums}. Plot that.",
        "[make] a line graph with these values: {nums}",
        "Can you draw a line through {nums}?",
    ),
    zh=(
        "[画|绘制] {nums} 的折线图",
        "[画|绘制] 折线图：{nums}",
        "[把|将] {nums} 画成折线图",
        "{nums}，画折线图",
        "用折线图展示 {nums}",
        "根据 {nums} 作一张折线图",
    ),
    say_en=("Here is the line chart.", "The figure shows your numbers as a line."),
    say_zh=("折线图画好了。", "这是折线图。"),
)
def line_chart(draw: Draw) -> Case:
    numbers = draw.numbers(4, 10)
    code = f'import matplotlib.pyplot as plt\nnumbers = {numbers}\nplt.plot(numbers, marker="o")\nplt.show()'
    return Case({"nums": draw.listed(numbers)}, code, IMAGE, leaves="numbers")


@_task(
    "code_plot",
    en=(
        "[draw|make|plot] a histogram of {nums}",
        "[draw] a histogram: {nums}",
        "histogram of {nums}",
        "[show] the distribution of {nums} as a histogram",
        "[make] a histogram with the values {nums}",
        "How are {nums} distributed? Draw a histogram.",
    ),
    zh=(
        "[画|绘制] {nums} 的直方图",
        "[画|绘制] 直方图：{nums}",
        "{nums}，画直方图",
        "用直方图显示 {nums} 的分布",
        "根据 {nums} 作直方图",
    ),
    say_en=("Here is the histogram.",),
    say_zh=("直方图画好了。",),
)
def histogram(draw: Draw) -> Case:
    numbers = draw.numbers(6, 12)
    code = f"import matplotlib.pyplot as plt\nnumbers = {numbers}\nplt.hist(numbers)\nplt.show()"
    return Case({"nums": draw.listed(numbers)}, code, IMAGE, leaves="numbers")


@_task(
    "code_plot",
    en=(
        "[draw|make|plot] a scatter plot with x = {xs} and y = {ys}",
        "[draw] a scatter plot: x {xs}; y {ys}",
        "scatter plot of x = {xs}, y = {ys}",
        "[plot] the points with x {xs} and y {ys}",
        "[show] x = {xs} against y = {ys} as dots",
        "Can you scatter x = {xs} and y = {ys}?",
    ),
    zh=(
        "[画|绘制] 散点图，x = {xs}，y = {ys}",
        "[画|绘制] 散点图：x 为 {xs}，y 为 {ys}",
        "x = {xs}，y = {ys}，画散点图",
        "用散点图表示 x = {xs} 和 y = {ys}",
        "把点 x = {xs}，y = {ys} 画出来",
    ),
    say_en=("Here is the scatter plot.",),
    say_zh=("散点图画好了。",),
)
def scatter(draw: Draw) -> Case:
    count = draw.rng.randint(3, 7)
    xs, ys = draw.numbers(count, count, whole=True), draw.numbers(count, count, whole=True)
    code = f"import matplotlib.pyplot as plt\nx = {xs}\ny = {ys}\nplt.scatter(x, y)\nplt.show()"
    return Case({"xs": draw.listed(xs), "ys": draw.listed(ys)}, code, IMAGE)


_COLOURS = (("red", "红色"), ("pink", "粉色"), ("blue", "蓝色"), ("purple", "紫色"), ("green", "绿色"), ("orange", "橙色"))


@_task(
    "code_plot",
    weight=1.2,
    en=(
        "[draw|plot|make] a heart",
        "[draw] a heart [curve|shape]",
        "[draw] a heart with [Python|matplotlib]",
        "heart shape, please",
        "Can you draw me a heart?",
        "[paint] a heart shape",
        "I would like to see a heart curve.",
    ),
    zh=(
        "[画|绘制] 一个[爱心|心形]",
        "[画|绘制] 一个爱心形状",
        "用 [Python|matplotlib] 画[爱心|心形图案]",
        "[画|绘制] [心形线|爱心曲线]",
        "给我画颗爱心",
        "我想看一个心形图案",
    ),
    say_en=("Here is the heart.", "I drew a heart for you."),
    say_zh=("爱心画好了。", "这是一个爱心。"),
)
def heart(draw: Draw) -> Case:
    return Case({}, heart_code("red"), IMAGE)


@_task(
    "code_plot",
    weight=0.8,
    en=(
        "[draw|plot|make] a {colour_en} heart",
        "[draw] a heart in {colour_en}",
        "{colour_en} heart",
        "[draw|plot] a {colour_en} heart [curve|shape]",
        "Can you draw me a heart that is {colour_en}?",
        "[paint] a {colour_en} heart shape",
    ),
    zh=(
        "[画|绘制] 一个{colour_zh}的[爱心|心]",
        "[画|绘制] 一个{colour_zh}[爱心|心形]",
        "{colour_zh}的爱心",
        "给我画颗{colour_zh}的爱心",
        "爱心图案，要{colour_zh}的",
    ),
    say_en=("Here is the {colour_en} heart.",),
    say_zh=("{colour_zh}的爱心画好了。",),
)
def coloured_heart(draw: Draw) -> Case:
    english, chinese = draw.rng.choice(_COLOURS)
    return Case({"colour_en": english, "colour_zh": chinese}, heart_code(english), IMAGE)


def heart_code(colour: str) -> str:
    """The heart curve in one colour."""
    return (
        "import numpy as np\nimport matplotlib.pyplot as plt\nt = np.linspace(0, 2 * np.pi, 400)\n"
        "x = 16 * np.sin(t)**3\ny = 13 * np.cos(t) - 5 * np.cos(2*t) - 2 * np.cos(3*t) - np.cos(4*t)\n"
        f'plt.plot(x, y, color="{colour}")\nplt.axis("equal")\nplt.title("Heart")\nplt.show()'
    )


@_task(
    "code_plot",
    weight=0.8,
    en=(
        "[draw|plot] a circle with radius {r}",
        "[draw] a circle of radius {r}",
        "circle with radius {r}, plot",
        "[show] a circle whose radius is {r}",
        "Can I see a circle of radius {r}?",
    ),
    zh=(
        "[画|绘制] 一个半径为 {r} 的圆",
        "画圆，半径 {r}",
        "用 matplotlib 画半径 {r} 的圆",
        "半径是 {r} 的圆长什么样？",
        "作一个圆，它的半径等于 {r}",
    ),
    say_en=("Here is the circle with radius {r}.",),
    say_zh=("半径为 {r} 的圆画好了。",),
)
def draw_circle(draw: Draw) -> Case:
    r = draw.integer(1, 60)
    code = (
        "import numpy as np\nimport matplotlib.pyplot as plt\nt = np.linspace(0, 2 * np.pi, 400)\n"
        f'plt.plot({r} * np.cos(t), {r} * np.sin(t))\nplt.axis("equal")\nplt.show()'
    )
    return Case({"r": r}, code, IMAGE)
