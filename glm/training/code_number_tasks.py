"""Code tasks about numbers: arithmetic, primes, Fibonacci, statistics, sequences, dates.

A data table, longer than other files on purpose. Each function draws the values of one
task and writes its code in the one style the model is to learn.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from glm.training.code_draw import Draw
from glm.training.code_tasks import Case, TaskTable

NUMBERS = TaskTable()
_task = NUMBERS.task

_SAY_EN = ("The result is {out}.", "The answer is {out}.", "It is {out}.", "I get {out}.")
_SAY_ZH = ("结果是 {out}。", "答案是 {out}。", "计算结果为 {out}。", "等于 {out}。")


def _typed(draw: Draw, code: str) -> str:
    """An expression as people type it: × and ÷, ^ for powers, with or without spaces."""
    text = code
    if "**" in text and draw.chance(0.6):
        text = text.replace(" ** ", "^")
    style = draw.rng.random()
    if style < 0.3:
        text = text.replace(" * ", " × ").replace(" / ", " ÷ ")
    elif style < 0.4:
        text = text.replace(" * ", " x ")
    if draw.chance(0.3) and " x " not in text:
        text = text.replace(" ", "")
    return text


def _show(draw: Draw, code: str, *, places: int | None = None) -> Case:
    printed = "result" if places is None else f"round(result, {places})"
    return Case({"expr": _typed(draw, code)}, f"result = {code}\nprint({printed})")


@_task(
    "code_arithmetic",
    weight=3,
    en=(
        "[calculate|compute|work out|evaluate] {expr}",
        "What is {expr}?",
        "What's {expr}",
        "{expr} = ?",
        "{expr}=",
        "How much is {expr}?",
        "[tell me|find] the [result|value] of {expr}",
        "What do you get for {expr}?",
        "[figure out|solve] {expr}",
        "What does {expr} equal?",
    ),
    zh=(
        "[计算|算一下|算算|求] {expr}",
        "{expr} [等于多少|是多少|等于几|得多少]？",
        "{expr} = ？",
        "{expr}=",
        "[求|算出] {expr} 的[值|结果]",
        "用代码计算 {expr}",
        "{expr} 的[结果|答案]是什么？",
        "算出 {expr} 等于多少",
    ),
    say_en=("{expr} = {out}", "{expr} is {out}.", *_SAY_EN),
    say_zh=("{expr} = {out}", *_SAY_ZH),
)
def expression(draw: Draw) -> Case:
    a, b, c = (draw.sized((1, 2, 2, 3, 4)) for _ in range(3))
    one = draw.rng.choice("+-*")
    two = draw.rng.choice("+-*")
    forms = (f"{a} {one} {b} {two} {c}", f"({a} {one} {b}) * {c}", f"{a} * ({b} {two} {c})", f"{a} {one} {b}")
    return _show(draw, draw.rng.choice(forms))


@_task(
    "code_arithmetic",
    weight=2,
    en=(
        "[calculate|compute|work out] {a} [times|multiplied by] {b}",
        "What is {a} times {b}?",
        "What is the product of {a} and {b}?",
        "[multiply] {a} by {b}",
        "{a} * {b}",
        "{a} × {b} = ?",
        "how much is {a} x {b}",
        "[find|calculate] the product of {a} and {b}",
        "What do you get when you multiply {a} by {b}?",
    ),
    zh=(
        "[计算|算一下|求] {a} [乘以|乘] {b}",
        "{a} 乘以 {b} [等于多少|是多少]？",
        "{a} × {b} = ？",
        "{a}*{b}[等于多少|是多少|]",
        "[求|计算] {a} 和 {b} 的[乘积|积]",
        "{a} 与 {b} 的乘积是多少？",
        "把 {a} 和 {b} 相乘",
    ),
    say_en=("{a} × {b} = {out}", "{a} times {b} is {out}.", "The product is {out}."),
    say_zh=("{a} × {b} = {out}", "乘积是 {out}。", "{a} 乘以 {b} 等于 {out}。"),
)
def product(draw: Draw) -> Case:
    a, b = draw.sized((2, 3, 4, 5, 6, 8)), draw.sized((2, 3, 4, 5, 6, 8))
    return Case({"a": a, "b": b}, f"result = {a} * {b}\nprint(result)")


@_task(
    "code_arithmetic",
    en=(
        "[calculate|compute|work out] {expr}",
        "What is {expr}?",
        "How much is {expr}?",
        "{expr} = ?",
        "[find|tell me] the value of {expr} [rounded to 4 decimals|]",
        "[evaluate] {expr}",
    ),
    zh=("[计算|算一下|求] {expr}", "{expr} [等于多少|是多少]？", "{expr} = ？", "{expr} 的结果是多少？", "帮忙算 {expr}"),
    say_en=("{expr} = {out}", *_SAY_EN),
    say_zh=("{expr} = {out}", *_SAY_ZH),
)
def decimals(draw: Draw) -> Case:
    a, b = draw.decimal(0.1, 200, draw.rng.choice((1, 2))), draw.decimal(0.1, 90, draw.rng.choice((1, 2)))
    return _show(draw, f"{a} {draw.rng.choice('+-*/')} {b}", places=4)


@_task(
    "code_arithmetic",
    en=(
        "[calculate|compute|work out] {a} divided by {b}",
        "What is {a} divided by {b}?",
        "[divide] {a} by {b}",
        "{a} / {b}",
        "{a} ÷ {b} = ?",
        "how much is {a}/{b}",
        "What do you get when you divide {a} by {b}?",
    ),
    zh=(
        "[计算|算一下|求] {a} 除以 {b}",
        "{a} 除以 {b} [等于多少|是多少]？",
        "{a} ÷ {b} = ？",
        "{a}/{b}[等于多少|是多少|]",
        "用 {a} 除以 {b}，结果是多少？",
        "求 {a} 与 {b} 的商",
    ),
    say_en=("{a} divided by {b} is {out}.", "{a} / {b} = {out}", "The quotient is {out}."),
    say_zh=("{a} ÷ {b} = {out}", "{a} 除以 {b} 等于 {out}。", "商是 {out}。"),
)
def quotient(draw: Draw) -> Case:
    a, b = draw.sized((2, 3, 4, 5)), draw.sized((1, 2, 2, 3))
    return Case({"a": a, "b": b}, f"result = {a} / {b}\nprint(round(result, 4))")


@_task(
    "code_arithmetic",
    en=(
        "What is the remainder of {a} divided by {b}?",
        "[calculate|find|compute] the remainder of {a} divided by {b}",
        "[calculate|compute|find] {a} mod {b}",
        "{a} % {b}",
        "What remains when {a} is divided by {b}?",
        "What is {a} modulo {b}?",
        "[find|tell me] what is left over when {a} is divided by {b}",
    ),
    zh=(
        "{a} 除以 {b} 的余数是多少？",
        "[求|计算] {a} 除以 {b} 的余数",
        "{a} 对 {b} 取余[是多少？|]",
        "[计算|算一下] {a} mod {b}",
        "{a} 除以 {b} 余几？",
        "算算 {a} 除以 {b} 剩多少",
    ),
    say_en=("The remainder is {out}.", "{a} mod {b} = {out}", "It leaves a remainder of {out}."),
    say_zh=("余数是 {out}。", "{a} 除以 {b} 的余数是 {out}。"),
)
def remainder(draw: Draw) -> Case:
    a, b = draw.sized((2, 3, 4, 6)), draw.sized((1, 2, 2))
    return Case({"a": a, "b": b}, f"result = {a} % {b}\nprint(result)")


@_task(
    "code_arithmetic",
    en=(
        "[calculate|compute|work out] {a} to the power of {b}",
        "What is {a} to the power of {b}?",
        "What is {a}^{b}?",
        "{a} ** {b}",
        "[calculate|compute] {a}^{b}",
        "[raise] {a} to the power {b}",
        "how big is {a}^{b}?",
        "What is {a} raised to the {b}th power?",
        "[find|tell me] the value of {a} to the {b}",
    ),
    zh=(
        "[计算|求|算一下] {a} 的 {b} 次方",
        "{a} 的 {b} 次方[是多少|等于多少]？",
        "{a}^{b} [等于多少|是多少]？",
        "[计算|求] {a}^{b}",
        "{a} 的 {b} 次幂是多少？",
        "求 {a} 的 {b} 次幂",
        "{a} 自乘 {b} 次方等于几？",
    ),
    say_en=("{a} to the power of {b} is {out}.", "{a}^{b} = {out}"),
    say_zh=("{a} 的 {b} 次方是 {out}。", "{a}^{b} = {out}"),
)
def power(draw: Draw) -> Case:
    a = draw.rng.choice((2, 2, 3, 5, 7, draw.integer(2, 40), draw.integer(2, 40)))
    b = draw.integer(2, 64 if a == 2 else 22 if a < 8 else 10)
    return Case({"a": a, "b": b}, f"result = {a} ** {b}\nprint(result)")


@_task(
    "code_arithmetic",
    en=(
        "[calculate|compute|find|work out] the square root of {n}",
        "What is the square root of {n}?",
        "sqrt({n})",
        "[find|compute] sqrt({n})",
        "how much is the square root of {n}?",
        "[take] the square root of {n}",
        "What number squared gives {n}?",
    ),
    zh=(
        "[计算|求|算一下] {n} 的平方根",
        "{n} 的平方根[是多少|等于多少]？",
        "[求|计算] 根号 {n}",
        "根号{n}[是多少|等于几]？",
        "{n} 开平方是多少？",
        "把 {n} 开平方",
    ),
    say_en=("The square root of {n} is {out}.", "sqrt({n}) = {out}", "It is about {out}."),
    say_zh=("{n} 的平方根是 {out}。", "√{n} ≈ {out}"),
)
def square_root(draw: Draw) -> Case:
    n = draw.sized((1, 2, 3, 4, 5, 6))
    return Case({"n": n}, f"import math\nprint(round(math.sqrt({n}), 4))")


@_task(
    "code_arithmetic",
    en=(
        "What is {p} % of {n}?",
        "What is {p}% of {n}?",
        "[calculate|compute|find] {p}% of {n}",
        "[calculate|work out] {p} percent of {n}",
        "how much is {p} percent of {n}?",
        "{p}% of {n}",
        "[find|tell me] how much {p}% of {n} is",
        "What does {p} percent of {n} come to?",
    ),
    zh=(
        "{n} 的 {p}% 是多少？",
        "[计算|求|算一下] {n} 的 {p}%",
        "{n}的{p}%[等于多少|是多少]？",
        "[计算|求] {n} 的百分之{p}",
        "百分之{p}的{n}是多少？",
        "算出 {n} 的百分之 {p} 等于几",
    ),
    say_en=("{p}% of {n} is {out}.", "It is {out}."),
    say_zh=("{n} 的 {p}% 是 {out}。", "结果是 {out}。"),
)
def percentage(draw: Draw) -> Case:
    p, n = draw.nice(1, 99), draw.sized((2, 3, 4, 5))
    return Case({"p": p, "n": n}, f"result = {n} * {p} / 100\nprint(round(result, 2))")


@_task(
    "code_arithmetic",
    en=(
        "How much is {n} [dollars|euros|yuan] at {r}% compound interest after {y} years?",
        "[calculate|compute] the compound interest balance of {n} at {r}% for {y} years",
        "I invest {n} at {r}% per year. What do I have after {y} years?",
        "What does {n} grow to at {r}% a year in {y} years?",
        "[find|work out] the final amount when {n} earns {r}% a year for {y} years",
        "If I save {n} at {r}% yearly interest, how much is it after {y} years?",
        "I put {n} in the bank at {r}% for {y} years. How much will there be?",
    ),
    zh=(
        "{n} 元按年利率 {r}% 复利，{y} 年后是多少？",
        "[计算|求] 本金 {n}，年利率 {r}%，{y} 年的复利终值",
        "我存 {n} 元，年利率 {r}%，复利 {y} 年后有多少钱？",
        "投资 {n} 元，每年收益 {r}%，{y} 年后变成多少？",
        "{n} 元存 {y} 年，年利率 {r}%，按复利最后有多少？",
        "算算 {n} 元以 {r}% 的年利率复利 {y} 年是多少",
    ),
    say_en=("After {y} years you have {out}.", "The final amount is {out}."),
    say_zh=("{y} 年后是 {out} 元。", "最终金额是 {out} 元。"),
)
def interest(draw: Draw) -> Case:
    n, y = draw.nice(100, 50000), draw.integer(2, 30)
    r = draw.rng.choice((draw.integer(1, 12), draw.decimal(0.5, 9, 1)))
    code = f"amount = {n} * (1 + {r} / 100) ** {y}\nprint(round(amount, 2))"
    return Case({"n": n, "r": r, "y": y}, code)


@_task(
    "code_arithmetic",
    en=(
        "[calculate|compute|find|work out] the factorial of {n}",
        "What is the factorial of {n}?",
        "What is {n}!?",
        "[calculate|compute] {n}!",
        "{n} factorial",
        "how large is {n} factorial?",
        "[find|tell me] the value of {n}!",
    ),
    zh=(
        "[计算|求|算一下] {n} 的阶乘",
        "{n} 的阶乘[是多少|等于多少]？",
        "{n}! [等于多少|是多少]？",
        "[计算|求] {n}!",
        "{n}阶乘",
        "{n} 的阶乘是几？",
        "算出 {n}! 的值",
    ),
    say_en=("{n}! = {out}", "The factorial of {n} is {out}."),
    say_zh=("{n}! = {out}", "{n} 的阶乘是 {out}。"),
)
def factorial(draw: Draw) -> Case:
    n = draw.integer(3, 30)
    return Case({"n": n}, f"import math\nprint(math.factorial({n}))")


@_task(
    "code_arithmetic",
    en=(
        "[find|calculate|compute] the greatest common divisor of {a} and {b}",
        "What is the greatest common divisor of {a} and {b}?",
        "What is the GCD of {a} and {b}?",
        "gcd of {a} and {b}",
        "[find|compute] gcd({a}, {b})",
        "What is the greatest common factor of {a} and {b}?",
        "What is the largest number that divides both {a} and {b}?",
        "[find|tell me] the gcd for {a} and {b}",
    ),
    zh=(
        "[求|计算|算一下] {a} 和 {b} 的最大公约数",
        "{a} 和 {b} 的最大公约数是多少？",
        "{a}、{b} 的最大公因数是多少？",
        "[求|计算] {a} 与 {b} 的最大公因数",
        "同时整除 {a} 和 {b} 的最大的数是多少？",
        "找出 {a} 跟 {b} 的最大公约数",
    ),
    say_en=("The greatest common divisor of {a} and {b} is {out}.", "gcd({a}, {b}) = {out}"),
    say_zh=("{a} 和 {b} 的最大公约数是 {out}。", "最大公约数是 {out}。"),
)
def gcd(draw: Draw) -> Case:
    common = draw.rng.randint(1, 40)
    a, b = (common * n for n in _unequal(draw, (1, 2, 2)))
    return Case({"a": a, "b": b}, f"import math\nprint(math.gcd({a}, {b}))")


@_task(
    "code_arithmetic",
    en=(
        "[find|calculate|compute] the least common multiple of {a} and {b}",
        "What is the least common multiple of {a} and {b}?",
        "What is the LCM of {a} and {b}?",
        "lcm of {a} and {b}",
        "[find|compute] lcm({a}, {b})",
        "What is the smallest number divisible by both {a} and {b}?",
        "[find|tell me] the lcm for {a} and {b}",
    ),
    zh=(
        "[求|计算|算一下] {a} 和 {b} 的最小公倍数",
        "{a} 和 {b} 的最小公倍数是多少？",
        "{a}、{b} 的最小公倍数[是多少？|]",
        "[求|计算] {a} 与 {b} 的最小公倍数",
        "能被 {a} 和 {b} 整除的最小的数是多少？",
        "找出 {a} 跟 {b} 的最小公倍数",
    ),
    say_en=("The least common multiple of {a} and {b} is {out}.", "lcm({a}, {b}) = {out}"),
    say_zh=("{a} 和 {b} 的最小公倍数是 {out}。", "最小公倍数是 {out}。"),
)
def lcm(draw: Draw) -> Case:
    common = draw.rng.randint(1, 12)
    a, b = (common * n for n in _unequal(draw, (1, 2)))
    return Case({"a": a, "b": b}, f"import math\nprint(math.lcm({a}, {b}))")


def _unequal(draw: Draw, digits: Sequence[int]) -> tuple[int, int]:
    a = b = draw.sized(digits)
    while a == b:
        b = draw.sized(digits)
    return a, b


_UNITS = (
    # name en, zh of the source and the target, formula, low, high
    ("degrees Celsius", "摄氏度", "degrees Fahrenheit", "华氏度", "{n} * 9 / 5 + 32", -40, 120),
    ("degrees Fahrenheit", "华氏度", "degrees Celsius", "摄氏度", "({n} - 32) * 5 / 9", -40, 250),
    ("kilometers", "公里", "miles", "英里", "{n} / 1.609344", 1, 5000),
    ("miles", "英里", "kilometers", "公里", "{n} * 1.609344", 1, 5000),
    ("pounds", "磅", "kilograms", "公斤", "{n} * 0.45359237", 1, 900),
    ("kilograms", "公斤", "pounds", "磅", "{n} / 0.45359237", 1, 900),
    ("inches", "英寸", "centimeters", "厘米", "{n} * 2.54", 1, 300),
    ("feet", "英尺", "meters", "米", "{n} * 0.3048", 1, 3000),
    ("hours", "小时", "seconds", "秒", "{n} * 3600", 1, 500),
    ("days", "天", "hours", "小时", "{n} * 24", 1, 900),
    ("minutes", "分钟", "seconds", "秒", "{n} * 60", 1, 2000),
)


@_task(
    "code_arithmetic",
    en=(
        "[convert] {n} {from_en} to {to_en}",
        "What is {n} {from_en} in {to_en}?",
        "How many {to_en} are {n} {from_en}?",
        "{n} {from_en} in {to_en}",
        "[calculate|work out] {n} {from_en} in {to_en}",
        "[express] {n} {from_en} in {to_en}",
        "How much is {n} {from_en} if measured in {to_en}?",
    ),
    zh=(
        "[把|将] {n} {from_zh}[换算成|转换成]{to_zh}",
        "{n}{from_zh}[是多少|等于多少]{to_zh}？",
        "{n}{from_zh}等于几{to_zh}？",
        "[计算|算一下] {n} {from_zh}是多少{to_zh}",
        "{n} {from_zh}换成{to_zh}是多少？",
        "{n} {from_zh}合多少{to_zh}？",
    ),
    say_en=("{n} {from_en} is {out} {to_en}.", "It is {out} {to_en}."),
    say_zh=("{n} {from_zh}是 {out} {to_zh}。", "是 {out} {to_zh}。"),
)
def units(draw: Draw) -> Case:
    from_en, from_zh, to_en, to_zh, formula, low, high = draw.rng.choice(_UNITS)
    n = draw.nice(low, high)
    code = f"result = {formula.format(n=n)}\nprint(round(result, 2))"
    return Case({"n": n, "from_en": from_en, "from_zh": from_zh, "to_en": to_en, "to_zh": to_zh}, code)


@_task(
    "code_arithmetic",
    en=(
        "What is the area of a circle with radius {r}?",
        "[calculate|compute|find] the area of a circle with radius {r}",
        "A circle has radius {r}. What is its area?",
        "area of a circle of radius {r}",
        "How large is a circle with a radius of {r}?",
        "[work out] the area of a disk with r = {r}",
    ),
    zh=(
        "半径为 {r} 的圆面积是多少？",
        "[计算|求] 半径为 {r} 的圆的面积",
        "圆的半径是 {r}，面积是多少？",
        "求圆面积，半径 {r}",
        "一个圆半径 {r}，它有多大？",
    ),
    say_en=("The area is {out}.", "A circle with radius {r} has an area of about {out}."),
    say_zh=("面积约为 {out}。", "圆的面积是 {out}。"),
)
def circle(draw: Draw) -> Case:
    r = draw.rng.choice((draw.integer(1, 200), draw.decimal(0.5, 40, 1)))
    return Case({"r": r}, f"import math\narea = math.pi * {r} ** 2\nprint(round(area, 4))")


@_task(
    "code_arithmetic",
    en=(
        "{item} costs {price}. What do I pay for {n} with {p}% off?",
        "[calculate] the price of {n} items at {price} each with a {p}% discount",
        "I buy {n} items for {price} each and get {p}% off. How much do I pay?",
        "What is the total for {n} pieces at {price} with {p}% discount?",
        "{n} things at {price} each, {p}% discount: what is the total?",
        "How much are {n} pieces at {price} each after a {p}% reduction?",
    ),
    zh=(
        "每件 {price} 元，买 {n} 件，优惠 {p}%，一共多少钱？",
        "[计算] 单价 {price} 元、数量 {n}、折扣 {p}% 的总价",
        "我买了 {n} 件 {price} 元的商品，减 {p}%，要付多少？",
        "单价 {price}，{n} 件，便宜 {p}%，总共多少元？",
        "{n} 件商品每件 {price} 元，降价 {p}% 后合计多少？",
    ),
    say_en=("You pay {out}.", "The total is {out}."),
    say_zh=("一共 {out} 元。", "总价是 {out} 元。"),
)
def discount(draw: Draw) -> Case:
    price = draw.rng.choice((draw.integer(2, 500), draw.decimal(0.5, 99, 2)))
    n, p = draw.integer(2, 40), draw.nice(3, 70)
    item = draw.choice(("A ticket", "A book", "A shirt", "A lamp", "A cup", "A chair"))
    code = f"total = {price} * {n} * (1 - {p} / 100)\nprint(round(total, 2))"
    return Case({"price": price, "n": n, "p": p, "item": item}, code)


@_task(
    "code_arithmetic",
    en=(
        "A cage holds chickens and rabbits: {h} heads and {f} feet. How many of each?",
        "There are {h} heads and {f} legs of chickens and rabbits. How many chickens and rabbits are there?",
        "[solve] the chicken and rabbit problem with {h} heads and {f} feet",
        "Chickens and rabbits: {h} heads, {f} feet. Find both numbers.",
        "Some chickens and rabbits have {h} heads and {f} feet together. How many are there of each?",
    ),
    zh=(
        "鸡兔同笼，共有 {h} 个头，{f} 只脚，鸡和兔各几只？",
        "[解] 鸡兔同笼问题：头 {h} 个，脚 {f} 只",
        "笼子里有鸡和兔，{h} 个头，{f} 条腿，各有多少只？",
        "鸡兔共 {h} 个头、{f} 只脚，求鸡兔各多少只",
        "鸡和兔一共 {h} 只，脚共 {f} 只，分别有几只？",
    ),
    say_en=("There are {c} chickens and {r} rabbits.",),
    say_zh=("鸡有 {c} 只，兔有 {r} 只。",),
)
def chickens(draw: Draw) -> Case:
    c, r = draw.integer(2, 60), draw.integer(2, 60)
    h, f = c + r, 2 * c + 4 * r
    code = f"heads = {h}\nfeet = {f}\nrabbits = (feet - 2 * heads) // 2\nchickens = heads - rabbits\n"
    return Case({"h": h, "f": f, "c": c, "r": r}, code + "print(chickens, rabbits)")


@_task(
    "code_primes",
    weight=1.5,
    en=(
        "[list|find|print|show me] [all|the] prime numbers [below|under|less than] {n}",
        "What are the primes below {n}?",
        "Which numbers below {n} are prime?",
        "[find|print|list] all primes [less than|smaller than] {n}",
        "primes under {n}",
        "[give me] all prime numbers under {n}",
        "Write a program that prints the primes below {n}.",
        "Which primes are smaller than {n}?",
        "[show|output] every prime below {n}",
    ),
    zh=(
        "[列出|找出|打印|求] {n} [以内|以下]的[所有|全部|]质数",
        "{n} 以内的[质数|素数]有哪些？",
        "[列出|找出|输出] 小于 {n} 的[所有|全部|]素数",
        "小于 {n} 的质数有哪些？",
        "{n}以内的素数",
        "哪些小于 {n} 的数是质数？",
        "把 {n} 以内的质数都找出来",
    ),
    say_en=("The primes below {n} are {items}.", "Here they are: {items}."),
    say_zh=("{n} 以内的质数有：{items}。", "它们是 {items}。"),
)
def primes_below(draw: Draw) -> Case:
    n = draw.nice(10, 100)
    code = f"primes = [n for n in range(2, {n}) if all(n % d for d in range(2, n))]\nprint(primes)"
    return Case({"n": n}, code, leaves="primes")


@_task(
    "code_primes",
    en=(
        "[list|find|print|show me] the first {n} prime numbers",
        "What are the first {n} primes?",
        "first {n} primes",
        "[compute|generate|give me] the first {n} primes",
        "Which are the first {n} prime numbers?",
        "[print|output] {n} primes starting from 2",
    ),
    zh=(
        "[列出|打印|求|输出] 前 {n} 个[质数|素数]",
        "前 {n} 个质数是[什么|哪些]？",
        "前{n}个素数",
        "最小的 {n} 个质数有哪些？",
        "给出从 2 开始的 {n} 个素数",
    ),
    say_en=("The first {n} primes are {items}.", "Here they are: {items}."),
    say_zh=("前 {n} 个质数是 {items}。", "它们是 {items}。"),
)
def primes_first(draw: Draw) -> Case:
    n = draw.nice(3, 25)
    code = (
        f"primes = []\nn = 2\nwhile len(primes) < {n}:\n    if all(n % p for p in primes):\n"
        "        primes.append(n)\n    n += 1\nprint(primes)"
    )
    return Case({"n": n}, code, leaves="primes")


@_task(
    "code_primes",
    weight=1.5,
    en=(
        "Is {n} a prime number?",
        "Is {n} prime?",
        "[check|test|find out] [whether|if] {n} is prime",
        "[tell me] if {n} is a prime number",
        "prime or not: {n}?",
        "Can you tell whether {n} is a prime?",
        "[determine] if {n} is a prime",
    ),
    zh=(
        "{n} 是[质数|素数]吗？",
        "{n}是不是[质数|素数]？",
        "[判断|检查] {n} 是不是[质数|素数]",
        "[判断|检查] {n} 是否为质数",
        "请问 {n} 属于质数吗？",
        "看看 {n} 是否是素数",
    ),
    say_en=("{verdict_en}",),
    say_zh=("{verdict_zh}",),
)
def prime_check(draw: Draw) -> Case:
    n = draw.integer(2, 3000)
    while draw.chance(0.5) and not _is_prime(n):
        n = draw.integer(2, 3000)
    yes = _is_prime(n)
    code = f"n = {n}\nprint(n > 1 and all(n % d for d in range(2, n)))"
    slots = {
        "n": n,
        "verdict_en": f"Yes, {n} is a prime number." if yes else f"No, {n} is not a prime number.",
        "verdict_zh": f"{n} 是质数。" if yes else f"{n} 不是质数。",
    }
    return Case(slots, code)


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


@_task(
    "code_primes",
    en=(
        "[find|compute|list|get] the prime factors of {n}",
        "What are the prime factors of {n}?",
        "[factorize|factor] {n} into primes",
        "prime factorization of {n}",
        "[write] {n} as a product of primes",
        "Which primes multiply to {n}?",
        "[decompose] {n} into prime factors",
    ),
    zh=(
        "[求|计算|找出] {n} 的质因数",
        "{n} 的质因数[有哪些|是什么]？",
        "[把|将] {n} 分解质因数",
        "{n}分解质因数",
        "{n} 可以写成哪些质数的乘积？",
        "对 {n} 做质因数分解",
    ),
    say_en=("The prime factors of {n} are {items}.",),
    say_zh=("{n} 的质因数是 {items}。", "分解质因数得到 {items}。"),
)
def prime_factors(draw: Draw) -> Case:
    n = draw.integer(12, 5000)
    code = (
        f"n = {n}\nfactors = []\nd = 2\nwhile n > 1:\n    while n % d == 0:\n        factors.append(d)\n"
        "        n //= d\n    d += 1\nprint(factors)"
    )
    return Case({"n": n}, code, leaves="factors")


@_task(
    "code_primes",
    en=(
        "How many primes are there below {n}?",
        "[count] the prime numbers below {n}",
        "[find|tell me] how many primes are less than {n}",
        "number of primes below {n}",
        "What is the number of primes under {n}?",
        "[count] how many primes there are up to {n}, not including {n}",
    ),
    zh=(
        "{n} 以内有多少个[质数|素数]？",
        "[统计|计算] {n} 以内[质数|素数]的个数",
        "小于 {n} 的质数有几个？",
        "{n} 以内共有几个质数？",
        "数一数小于 {n} 的素数有多少个",
    ),
    say_en=("There are {out} primes below {n}.",),
    say_zh=("{n} 以内有 {out} 个质数。",),
)
def prime_count(draw: Draw) -> Case:
    n = draw.nice(20, 2000)
    code = f"primes = [n for n in range(2, {n}) if all(n % d for d in range(2, n))]\nprint(len(primes))"
    return Case({"n": n}, code, leaves="primes")


_FIB_LIST = "fib = [{start}, 1]\nwhile len(fib) < {n}:\n    fib.append(fib[-1] + fib[-2])\nprint(fib)"


@_task(
    "code_fibonacci",
    weight=2,
    en=(
        "[list|print|compute|show me|generate] the first {n} Fibonacci numbers",
        "What are the first {n} Fibonacci numbers?",
        "first {n} fibonacci numbers",
        "[print|output] the first {n} terms of the Fibonacci sequence",
        "Write a program that prints the first {n} Fibonacci numbers.",
        "[write] Python for the first {n} Fibonacci numbers",
        "fibonacci sequence, {n} terms",
        "Which numbers are the first {n} of the Fibonacci series?",
        "[give me] {n} Fibonacci numbers from the start",
    ),
    zh=(
        "[列出|打印|求|输出|计算] 斐波那契数列的前 {n} 项",
        "斐波那契数列前 {n} 项[是什么|是多少]？",
        "[打印|输出|生成] 前 {n} 个斐波那契数",
        "斐波那契数列前{n}项",
        "写一个程序输出前 {n} 个斐波那契数",
        "前 {n} 个斐波那契数分别是多少？",
        "写出斐波那契数列的头 {n} 项",
    ),
    say_en=("The first {n} Fibonacci numbers are {items}.", "Here they are: {items}."),
    say_zh=("斐波那契数列的前 {n} 项是 {items}。", "前 {n} 项：{items}。"),
)
def fibonacci_first(draw: Draw) -> Case:
    n = draw.nice(3, 30)
    return Case({"n": n}, _FIB_LIST.format(start=0, n=n), leaves="fib")


@_task(
    "code_fibonacci",
    weight=1.2,
    en=(
        "What is the {n}th Fibonacci number?",
        "[find|compute|calculate] the {n}th Fibonacci number",
        "[tell me|print] Fibonacci number {n}",
        "[calculate|compute] fibonacci({n})",
        "fib({n})",
        "What is F({n}) in the Fibonacci sequence?",
        "[work out] the Fibonacci number with index {n}",
    ),
    zh=(
        "斐波那契数列的第 {n} 项是多少？",
        "[求|计算] 斐波那契数列的第 {n} 项",
        "第 {n} 个斐波那契数是多少？",
        "[求|计算] 第 {n} 个斐波那契数",
        "斐波那契数列里第 {n} 个数是几？",
        "算出 F({n})，斐波那契数",
    ),
    say_en=("The {n}th Fibonacci number is {out}.", "F({n}) = {out}"),
    say_zh=("第 {n} 个斐波那契数是 {out}。", "F({n}) = {out}"),
)
def fibonacci_nth(draw: Draw) -> Case:
    n = draw.rng.choice([i for i in range(4, 100) if draw.ours(i) and (i % 10 not in (1, 2, 3) or i in (11, 12, 13))])
    return Case({"n": n}, f"a, b = 0, 1\nfor i in range({n}):\n    a, b = b, a + b\nprint(a)")


@_task(
    "code_fibonacci",
    en=(
        "[list|print|find] all Fibonacci numbers [below|under|less than] {n}",
        "Which Fibonacci numbers are below {n}?",
        "[print|output] the Fibonacci sequence up to {n}",
        "fibonacci numbers under {n}",
        "What Fibonacci numbers are smaller than {n}?",
        "[show] every Fibonacci number less than {n}",
    ),
    zh=(
        "[列出|打印|求] {n} 以内的斐波那契数",
        "小于 {n} 的斐波那契数有哪些？",
        "[输出|找出] 所有小于 {n} 的斐波那契数",
        "{n} 以内有哪些斐波那契数？",
        "把小于 {n} 的斐波那契数写出来",
    ),
    say_en=("They are {items}.", "The Fibonacci numbers below {n} are {items}."),
    say_zh=("它们是 {items}。", "{n} 以内的斐波那契数是 {items}。"),
)
def fibonacci_below(draw: Draw) -> Case:
    n = draw.nice(10, 10000)
    code = f"fib = [0, 1]\nwhile fib[-1] + fib[-2] < {n}:\n    fib.append(fib[-1] + fib[-2])\nprint(fib)"
    return Case({"n": n}, code, leaves="fib")


_STATISTICS = (
    # (function, English names, Chinese names); the names are split over the two languages' phrasings
    ("mean", "mean|average|arithmetic mean", "平均数|平均值|均值"),
    ("median", "median", "中位数"),
    ("stdev", "standard deviation", "标准差|样本标准差"),
    ("variance", "variance|sample variance", "方差"),
)
_OF_EN = (
    "[calculate|compute|find|work out] the {what} of {nums}",
    "What is the {what} of {nums}?",
    "What's the {what} of these numbers: {nums}?",
    "[find|compute|get] the {what} of the numbers {nums}",
    "{what} of {nums}",
    "{nums}: what is the {what}?",
    "I have these values: {nums}. What is the {what}?",
    "[calculate|tell me] the {what}: {nums}",
    "Here are my numbers: {nums}. Compute their {what}.",
    "For the data {nums}, what is the {what}?",
    "[determine] the {what} of the following values: {nums}",
)
_OF_ZH = (
    "[计算|求|算一下] {nums} 的{what}",
    "{nums} 的{what}[是多少|等于多少]？",
    "[计算|求] 这组数的{what}：{nums}",
    "这些数的{what}是多少：{nums}",
    "{nums}，求{what}",
    "我有一组数据：{nums}，{what}是多少？",
    "[求|计算] 数据 {nums} 的{what}",
    "已知数据 {nums}，{what}是多少？",
    "给你几个数：{nums}。算出它们的{what}。",
)


@_task(
    "code_statistics",
    weight=4,
    en=_OF_EN,
    zh=_OF_ZH,
    say_en=("The {what} is {out}.", "The {what} of these numbers is {out}."),
    say_zh=("{what}是 {out}。", "这组数的{what}是 {out}。"),
)
def statistic(draw: Draw) -> Case:
    function, english, chinese = draw.rng.choices(_STATISTICS, (4, 3, 2, 1))[0]
    what = draw.rng.choice((english if draw.language == "en" else chinese).split("|"))
    numbers = draw.numbers()
    while len(set(numbers)) < 2:
        numbers = draw.numbers()
    value = f"statistics.{function}(numbers)"
    code = f"import statistics\nnumbers = {numbers}\nprint(round({value}, 4))"
    return Case({"what": what, "nums": draw.listed(numbers)}, code, leaves="numbers")


_SIMPLE = (
    ("round(sum(numbers), 2)", "sum|total", "和|总和|总数"),
    ("max(numbers)", "maximum|largest value|largest number", "最大值|最大的数"),
    ("min(numbers)", "minimum|smallest value|smallest number", "最小值|最小的数"),
    ("round(max(numbers) - min(numbers), 2)", "range", "极差"),
)


@_task(
    "code_statistics",
    weight=3,
    en=_OF_EN,
    zh=_OF_ZH,
    say_en=("The {what} is {out}.", "Their {what} is {out}."),
    say_zh=("{what}是 {out}。", "这组数的{what}是 {out}。"),
)
def extremes(draw: Draw) -> Case:
    value, english, chinese = draw.rng.choices(_SIMPLE, (4, 3, 3, 1))[0]
    what = draw.rng.choice((english if draw.language == "en" else chinese).split("|"))
    numbers = draw.numbers()
    slots = {"what": what, "nums": draw.listed(numbers)}
    return Case(slots, f"numbers = {numbers}\nprint({value})", leaves="numbers")


@_task(
    "code_statistics",
    weight=0.8,
    en=(
        "[add|add up|sum|sum up] {nums}",
        "[add] these numbers: {nums}",
        "What do {nums} add up to?",
        "What do I get when I add {nums}?",
        "[add] {nums} together",
        "How much are {nums} together?",
    ),
    zh=(
        "[把|将] {nums} 加起来",
        "{nums} 加起来[是多少|等于多少]？",
        "{nums} 一共是多少？",
        "{nums} 相加得多少？",
        "把这些数相加：{nums}",
    ),
    say_en=("The sum is {out}.", "Together they are {out}."),
    say_zh=("和是 {out}。", "加起来是 {out}。"),
)
def add_up(draw: Draw) -> Case:
    numbers = draw.numbers()
    code = f"numbers = {numbers}\nprint(round(sum(numbers), 2))"
    return Case({"nums": draw.listed(numbers)}, code, leaves="numbers")


@_task(
    "code_statistics",
    weight=1.5,
    en=(
        "[sort|order] {nums}",
        "[sort] these numbers: {nums}",
        "[sort|arrange] {nums} [from smallest to largest|in ascending order|in increasing order]",
        "[put] {nums} in ascending order",
        "sorted: {nums}",
        "Can you sort these values for me: {nums}?",
        "[arrange] the numbers {nums} from low to high",
        "What is {nums} in sorted order?",
    ),
    zh=(
        "[把|将|对] {nums} 排序",
        "[把|将] {nums} 从小到大[排序|排列]",
        "[给|对] 这些数排序：{nums}",
        "{nums} 从小到大怎么排？",
        "按升序排列 {nums}",
        "{nums} 排好序是什么样？",
        "将这几个数由小到大排列：{nums}",
    ),
    say_en=("Sorted: {items}.", "In ascending order: {items}."),
    say_zh=("从小到大：{items}。", "排序后是 {items}。"),
)
def sort_up(draw: Draw) -> Case:
    numbers = draw.numbers()
    return Case({"nums": draw.listed(numbers)}, f"numbers = {numbers}\nprint(sorted(numbers))", leaves="numbers")


@_task(
    "code_statistics",
    weight=0.8,
    en=(
        "[sort|arrange|order] {nums} [from largest to smallest|in descending order|in decreasing order]",
        "[put] {nums} in descending order",
        "[sort] these numbers from high to low: {nums}",
        "What is {nums} in descending order?",
        "[list] {nums} starting with the largest",
        "[arrange] {nums} so that the biggest comes first",
    ),
    zh=(
        "[把|将] {nums} 从大到小[排序|排列]",
        "[对|给] 这些数从大到小排序：{nums}",
        "按降序排列 {nums}",
        "{nums} 从大到小怎么排？",
        "将这几个数由大到小排列：{nums}",
        "{nums} 降序是什么样？",
    ),
    say_en=("In descending order: {items}.", "From largest to smallest: {items}."),
    say_zh=("从大到小：{items}。", "降序排列是 {items}。"),
)
def sort_down(draw: Draw) -> Case:
    numbers = draw.numbers()
    code = f"numbers = {numbers}\nprint(sorted(numbers, reverse=True))"
    return Case({"nums": draw.listed(numbers)}, code, leaves="numbers")


@_task(
    "code_statistics",
    en=(
        "Which of {nums} are even?",
        "[find|list|pick] the even numbers in {nums}",
        "[filter] {nums} and keep the even ones",
        "even numbers among {nums}",
        "Which even numbers are in {nums}?",
        "[show] only the even values of {nums}",
    ),
    zh=(
        "{nums} 中哪些是偶数？",
        "[找出|列出|挑出] {nums} 里的偶数",
        "[把|将] {nums} 中的偶数选出来",
        "{nums} 里有哪些偶数？",
        "从 {nums} 里面筛选偶数",
    ),
    say_en=("The even numbers are {items}.",),
    say_zh=("偶数有 {items}。",),
)
def evens(draw: Draw) -> Case:
    numbers = draw.numbers(4, 12, whole=True)
    while not any(n % 2 == 0 for n in numbers):
        numbers = draw.numbers(4, 12, whole=True)
    code = f"numbers = {numbers}\nprint([n for n in numbers if n % 2 == 0])"
    return Case({"nums": draw.listed(numbers)}, code)


@_task(
    "code_sequence",
    weight=2,
    en=(
        "[calculate|compute|find] the sum of [the numbers|all integers|all numbers] from {a} to {b}",
        "What is the sum of the numbers from {a} to {b}?",
        "[add up|sum] [all numbers|the integers] from {a} to {b}",
        "sum from {a} to {b}",
        "What is {a} + ... + {b}?",
        "How much is the sum of all whole numbers from {a} to {b}?",
        "[add] every integer between {a} and {b}, both included",
    ),
    zh=(
        "[计算|求|算一下] {a} 到 {b} 的和",
        "{a} 到 {b} 的和[是多少|等于多少]？",
        "从 {a} 加到 {b} 等于多少？",
        "{a}加到{b}[等于多少|是多少]",
        "[计算|求] 从 {a} 到 {b} 所有整数之和",
        "{a} 到 {b} 全部加起来是多少？",
        "把从 {a} 到 {b} 的整数都加起来",
    ),
    say_en=("The sum from {a} to {b} is {out}.", "The sum is {out}."),
    say_zh=("{a} 到 {b} 的和是 {out}。", "和是 {out}。"),
)
def sum_range(draw: Draw) -> Case:
    a = draw.rng.choice((1, 1, 1, draw.integer(2, 90)))
    b = a + draw.nice(9, 5000) - (1 if a > 1 else 0)
    return Case({"a": a, "b": b}, f"total = sum(range({a}, {b} + 1))\nprint(total)")


@_task(
    "code_sequence",
    en=(
        "[list|print|compute|show] the squares of the numbers from 1 to {n}",
        "What are the squares from 1 to {n}?",
        "[print|list] the first {n} square numbers",
        "squares of 1 to {n}",
        "What are the first {n} perfect squares?",
        "[compute] n squared for n from 1 to {n}",
    ),
    zh=(
        "[列出|打印|计算|求] 1 到 {n} 的平方",
        "1 到 {n} 的平方分别是多少？",
        "[输出|列出] 前 {n} 个平方数",
        "前 {n} 个完全平方数是哪些？",
        "把 1 到 {n} 每个数的平方写出来",
    ),
    say_en=("The squares are {items}.", "Here they are: {items}."),
    say_zh=("它们的平方是 {items}。", "依次为 {items}。"),
)
def squares(draw: Draw) -> Case:
    n = draw.nice(3, 24)
    return Case({"n": n}, f"squares = [n ** 2 for n in range(1, {n} + 1)]\nprint(squares)", leaves="squares")


@_task(
    "code_sequence",
    en=(
        "[calculate|compute|find] the sum of the squares from 1 to {n}",
        "What is the sum of the squares of the numbers from 1 to {n}?",
        "[add up] the first {n} square numbers",
        "1^2 + 2^2 + ... + {n}^2 = ?",
        "How much is 1² + 2² + ... + {n}²?",
        "[sum] all squares up to {n} squared",
    ),
    zh=(
        "[计算|求] 1 到 {n} 的平方和",
        "1 到 {n} 的平方和[是多少|等于多少]？",
        "1^2 + 2^2 + ... + {n}^2 等于多少？",
        "前 {n} 个平方数之和是多少？",
        "把 1 到 {n} 的平方都加起来",
    ),
    say_en=("The sum of the squares is {out}.", "It is {out}."),
    say_zh=("平方和是 {out}。",),
)
def sum_squares(draw: Draw) -> Case:
    n = draw.nice(3, 1000)
    return Case({"n": n}, f"total = sum(n ** 2 for n in range(1, {n} + 1))\nprint(total)")


@_task(
    "code_sequence",
    en=(
        "[print|show|compute] the Collatz sequence [of|for|starting at] {n}",
        "What is the Collatz sequence of {n}?",
        "collatz {n}",
        "[apply] the 3n+1 rule to {n} until it reaches 1",
        "[list] the Collatz steps from {n} down to 1",
        "Which numbers does the Collatz process visit from {n}?",
    ),
    zh=(
        "[输出|打印|计算] {n} 的考拉兹序列",
        "{n} 的 Collatz 序列是什么？",
        "对 {n} 做 3n+1 变换，直到 1",
        "{n} 的 3n+1 序列有哪些数？",
        "写出从 {n} 开始的考拉兹序列",
    ),
    say_en=("The Collatz sequence of {n} is {items}.",),
    say_zh=("{n} 的考拉兹序列是 {items}。",),
)
def collatz(draw: Draw) -> Case:
    n = draw.integer(3, 120)
    while _collatz_length(n) > 26:
        n = draw.integer(3, 120)
    code = (
        f"n = {n}\nsteps = [n]\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    steps.append(n)\n"
        "print(steps)"
    )
    return Case({"n": n}, code, leaves="steps")


def _collatz_length(n: int) -> int:
    length = 1
    while n != 1:
        n, length = (n // 2 if n % 2 == 0 else 3 * n + 1), length + 1
    return length


@_task(
    "code_sequence",
    en=(
        "[calculate|compute|find] the [sum of the digits|digit sum] of {n}",
        "What is the digit sum of {n}?",
        "What is the sum of the digits of {n}?",
        "[add up] the digits of {n}",
        "digit sum of {n}",
        "What do the digits of {n} add up to?",
        "[sum] all digits in {n}",
    ),
    zh=(
        "[计算|求] {n} 的[各位数字之和|数字和]",
        "{n} 的各位数字之和是多少？",
        "[把|将] {n} 的每一位数字加起来",
        "{n}各位数之和",
        "{n} 每一位相加是多少？",
        "算出 {n} 所有数位的和",
    ),
    say_en=("The digit sum of {n} is {out}.", "It is {out}."),
    say_zh=("各位数字之和是 {out}。",),
)
def digit_sum(draw: Draw) -> Case:
    n = draw.sized((3, 4, 5, 6, 8, 10))
    return Case({"n": n}, f"total = sum(int(d) for d in str({n}))\nprint(total)")


_BASES = (
    ("binary", "二进制", "bin"),
    ("hexadecimal", "十六进制", "hex"),
    ("octal", "八进制", "oct"),
)


@_task(
    "code_sequence",
    weight=1.5,
    en=(
        "[convert] {n} to {base_en}",
        "What is {n} in {base_en}?",
        "[write|express] {n} in {base_en}",
        "{n} in {base_en}",
        "[show me] the {base_en} form of {n}",
        "How is {n} written in {base_en}?",
        "[translate] the number {n} into {base_en}",
    ),
    zh=(
        "[把|将] {n} [转换成|转成|转换为]{base_zh}",
        "{n} 的{base_zh}是[什么|多少]？",
        "{n}转{base_zh}",
        "[求|写出] {n} 的{base_zh}表示",
        "{n} 用{base_zh}怎么写？",
        "十进制数 {n} 变成{base_zh}是多少？",
    ),
    say_en=("{n} in {base_en} is {out}.", "It is {out}."),
    say_zh=("{n} 的{base_zh}是 {out}。", "{base_zh}为 {out}。"),
)
def to_base(draw: Draw) -> Case:
    n = draw.sized((2, 3, 4, 5))
    english, chinese, function = draw.rng.choice(_BASES)
    return Case({"n": n, "base_en": english, "base_zh": chinese}, f"print({function}({n}))")


@_task(
    "code_sequence",
    en=(
        "[convert] the binary number {b} to decimal",
        "What is binary {b} in decimal?",
        "[convert] {b} from binary to decimal",
        "binary {b} to decimal",
        "What decimal number is {b} in base 2?",
        "[read] {b} as a binary number",
    ),
    zh=(
        "[把|将] 二进制数 {b} [转换成|转为]十进制",
        "二进制 {b} 等于十进制的多少？",
        "二进制{b}转十进制",
        "二进制数 {b} 是十进制的几？",
        "将 {b}（二进制）化为十进制",
    ),
    say_en=("Binary {b} is {out} in decimal.", "It is {out}."),
    say_zh=("二进制 {b} 等于十进制的 {out}。", "十进制是 {out}。"),
)
def from_binary(draw: Draw) -> Case:
    b = format(draw.integer(4, 1000), "b")
    return Case({"b": b}, f'print(int("{b}", 2))')


@_task(
    "code_sequence",
    en=(
        "Is {y} a leap year?",
        "Was {y} a leap year?",
        "[check|find out] [whether|if] {y} is a leap year",
        "leap year {y}?",
        "[tell me] whether the year {y} has 366 days",
        "Does the year {y} have a February 29?",
    ),
    zh=(
        "{y} 年是闰年吗？",
        "{y}年是不是闰年？",
        "[判断|检查] {y} 年是否为闰年",
        "{y} 年有没有 2 月 29 日？",
        "看看 {y} 年是平年还是闰年",
    ),
    say_en=("{verdict_en}",),
    say_zh=("{verdict_zh}",),
)
def leap_year(draw: Draw) -> Case:
    y = draw.rng.choice((draw.integer(1900, 2100), 4 * draw.integer(400, 540)))
    yes = y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
    slots = {
        "y": y,
        "verdict_en": f"Yes, {y} is a leap year." if yes else f"No, {y} is not a leap year.",
        "verdict_zh": f"{y} 年是闰年。" if yes else f"{y} 年不是闰年。",
    }
    return Case(slots, f"import calendar\nprint(calendar.isleap({y}))")


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS_ZH = {
    "Monday": "一", "Tuesday": "二", "Wednesday": "三", "Thursday": "四",
    "Friday": "五", "Saturday": "六", "Sunday": "日",
}  # fmt: skip


def _date(draw: Draw) -> tuple[str, str]:
    """The date as typed, and the code's arguments for it."""
    day = datetime.date(draw.integer(1950, 2040), 1, 1) + datetime.timedelta(days=draw.rng.randint(0, 360))
    if draw.language == "zh":
        forms = [f"{day.year}年{day.month}月{day.day}日", day.isoformat()]
    else:
        month = _MONTHS[day.month - 1]
        forms = [f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}", day.isoformat()]
    return draw.rng.choice(forms), f"{day.year}, {day.month}, {day.day}"


@_task(
    "code_sequence",
    weight=1.3,
    en=(
        "What day of the week is {d}?",
        "What day of the week was {d}?",
        "[find|tell me] the weekday of {d}",
        "Which weekday is {d}?",
        "weekday of {d}",
        "On what day of the week does {d} fall?",
        "[work out] which day of the week {d} is",
    ),
    zh=(
        "{d}是星期几？",
        "[查一下|算一下|计算] {d}是星期几",
        "{d}是周几？",
        "告诉我{d}是礼拜几",
        "{d} 那天是星期几？",
        "看看{d}是周几",
    ),
    say_en=("{d} is a {out}.", "It is a {out}."),
    say_zh=("{d}是星期{day_zh}。", "是星期{day_zh}。"),
)
def weekday(draw: Draw) -> Case:
    text, arguments = _date(draw)
    day = datetime.date(*(int(part) for part in arguments.split(", ")))
    code = f'import datetime\nday = datetime.date({arguments})\nprint(day.strftime("%A"))'
    return Case({"d": text, "day_zh": _DAYS_ZH[day.strftime("%A")]}, code)


@_task(
    "code_sequence",
    weight=1.3,
    en=(
        "How many days are there between {d} and {e}?",
        "[calculate|count|find] the days between {d} and {e}",
        "How many days is it from {d} to {e}?",
        "days from {d} to {e}",
        "How many days lie between {d} and {e}?",
        "[tell me] the number of days from {d} until {e}",
    ),
    zh=(
        "{d}到{e}[有|相隔|相差]多少天？",
        "[计算|求] {d}到{e}之间的天数",
        "从{d}到{e}一共多少天？",
        "{d}和{e}之间隔了几天？",
        "算出{d}至{e}的天数",
    ),
    say_en=("There are {out} days between them.", "It is {out} days."),
    say_zh=("相隔 {out} 天。", "一共 {out} 天。"),
)
def days_between(draw: Draw) -> Case:
    first, second = sorted((_date(draw) for _ in range(2)), key=lambda d: [int(n) for n in d[1].split(", ")])
    code = (
        f"import datetime\nstart = datetime.date({first[1]})\nend = datetime.date({second[1]})\n"
        "print((end - start).days)"
    )
    return Case({"d": first[0], "e": second[0]}, code)


@_task(
    "code_sequence",
    en=(
        "[list|print|find] the multiples of {k} [below|under] {n}",
        "Which multiples of {k} are below {n}?",
        "[print|show] all numbers below {n} that are divisible by {k}",
        "multiples of {k} under {n}",
        "What numbers under {n} can be divided by {k}?",
        "[output] every multiple of {k} smaller than {n}",
    ),
    zh=(
        "[列出|打印|找出] {n} 以内 {k} 的倍数",
        "{n} 以内有哪些 {k} 的倍数？",
        "小于 {n} 且能被 {k} 整除的数有哪些？",
        "{n} 以内能被 {k} 整除的正整数有哪些？",
        "把 {n} 以内 {k} 的倍数写出来",
    ),
    say_en=("They are {items}.", "The multiples of {k} below {n} are {items}."),
    say_zh=("有 {items}。", "{k} 的倍数有：{items}。"),
)
def multiples(draw: Draw) -> Case:
    k = draw.integer(3, 19)
    n = k * draw.rng.randint(3, 16) + draw.rng.randint(1, k)
    code = f"multiples = list(range({k}, {n}, {k}))\nprint(multiples)"
    return Case({"k": k, "n": n}, code, leaves="multiples")


@_task(
    "code_sequence",
    en=(
        "[find|list|compute] [all|the] divisors of {n}",
        "What are the divisors of {n}?",
        "Which numbers divide {n}?",
        "divisors of {n}",
        "[list] every factor of {n}",
        "By which numbers can {n} be divided without remainder?",
    ),
    zh=(
        "[求|列出|找出] {n} 的所有[约数|因数]",
        "{n} 的[约数|因数]有哪些？",
        "{n}的因数",
        "哪些数能整除 {n}？",
        "把 {n} 的因数全部写出来",
    ),
    say_en=("The divisors of {n} are {items}.",),
    say_zh=("{n} 的因数有 {items}。",),
)
def divisors(draw: Draw) -> Case:
    n = draw.integer(6, 900)
    code = f"divisors = [d for d in range(1, {n} + 1) if {n} % d == 0]\nprint(divisors)"
    return Case({"n": n}, code, leaves="divisors")


@_task(
    "code_sequence",
    weight=0.6,
    en=(
        "[print|show|write] the multiplication table of {k}",
        "What is the multiplication table of {k}?",
        "times table for {k}",
        "[show me|print] the {k} times table",
        "[output] {k} times 1 to 9",
        "Can I see the table of {k} from 1 to 9?",
    ),
    zh=(
        "[打印|写出|输出] {k} 的乘法表",
        "{k} 的乘法表是什么？",
        "{k}的乘法表",
        "写出 {k} 乘 1 到 9 的结果",
        "看看 {k} 的乘法口诀",
    ),
    say_en=("This is the multiplication table of {k}.", "Above is the table of {k} from 1 to 9."),
    say_zh=("以上是 {k} 的乘法表。",),
)
def times_table(draw: Draw) -> Case:
    k = draw.integer(2, 25)
    return Case({"k": k}, f'for i in range(1, 10):\n    print(f"{k} x {{i}} = {{{k} * i}}")')


@_task(
    "code_sequence",
    weight=0.5,
    en=(
        "[write|print|do] FizzBuzz [from 1|] to {n}",
        "[run] fizz buzz up to {n}",
        "fizzbuzz {n}",
        "FizzBuzz for the numbers 1 to {n}, please",
        "[solve] the FizzBuzz exercise for {n} numbers",
        "What does FizzBuzz print up to {n}?",
    ),
    zh=(
        "[写|打印|输出] 1 到 {n} 的 FizzBuzz",
        "FizzBuzz 到 {n}",
        "用 Python 做 FizzBuzz，到 {n} 为止",
        "FizzBuzz 从 1 数到 {n} 输出什么？",
        "完成前 {n} 个数的 FizzBuzz 练习",
    ),
    say_en=("That is FizzBuzz up to {n}.",),
    say_zh=("以上是到 {n} 的 FizzBuzz。",),
)
def fizzbuzz(draw: Draw) -> Case:
    n = draw.nice(5, 25)
    code = (
        f'for i in range(1, {n} + 1):\n    word = "Fizz" * (i % 3 == 0) + "Buzz" * (i % 5 == 0)\n    print(word or i)'
    )
    return Case({"n": n}, code)


@_task(
    "code_sequence",
    en=(
        "[write|implement|show] [bubble sort|a bubble sort] and [run it|test it|try it] on {nums}",
        "[use|apply] bubble sort on {nums}",
        "bubble sort {nums}",
        "[sort] {nums} with bubble sort",
        "[demonstrate] bubble sort with {nums}",
        "Could you bubble-sort {nums}?",
    ),
    zh=(
        "[写|实现] 冒泡排序，并对 {nums} 排序",
        "[用|使用] 冒泡排序给 {nums} 排序",
        "冒泡排序 {nums}",
        "用冒泡排序处理 {nums}",
        "演示一下冒泡排序：{nums}",
    ),
    say_en=("Bubble sort gives {items}.",),
    say_zh=("冒泡排序的结果是 {items}。",),
)
def bubble_sort(draw: Draw) -> Case:
    numbers = draw.numbers(4, 8, whole=True)
    code = (
        f"numbers = {numbers}\nfor i in range(len(numbers)):\n    for j in range(len(numbers) - 1 - i):\n"
        "        if numbers[j] > numbers[j + 1]:\n"
        "            numbers[j], numbers[j + 1] = numbers[j + 1], numbers[j]\nprint(numbers)"
    )
    return Case({"nums": draw.listed(numbers)}, code, leaves="numbers")


@_task(
    "code_sequence",
    en=(
        "[write|implement|show] [quicksort|quick sort] and [run it|test it|try it] on {nums}",
        "[use|apply] quicksort on {nums}",
        "quicksort {nums}",
        "[sort] {nums} with quicksort",
        "[demonstrate] quicksort with {nums}",
        "Could you write quick sort and sort {nums}?",
    ),
    zh=(
        "[写|实现] 快速排序，并对 {nums} 排序",
        "[用|使用] 快速排序给 {nums} 排序",
        "快速排序 {nums}",
        "[写|实现] 一个快速排序[算法|函数]，测试数据为 {nums}",
        "用快速排序处理 {nums}",
        "演示一下快速排序：{nums}",
    ),
    say_en=("Quicksort gives {items}.",),
    say_zh=("快速排序的结果是 {items}。",),
)
def quick_sort(draw: Draw) -> Case:
    numbers = draw.numbers(4, 9, whole=True)
    code = (
        "def quick_sort(a):\n    if len(a) < 2:\n        return a\n    low = [x for x in a[1:] if x < a[0]]\n"
        "    high = [x for x in a[1:] if x >= a[0]]\n    return quick_sort(low) + [a[0]] + quick_sort(high)\n"
        f"print(quick_sort({numbers}))"
    )
    return Case({"nums": draw.listed(numbers)}, code)


@_task(
    "code_sequence",
    weight=0.6,
    en=(
        "[print|show|compute] pi to {n} decimal places",
        "What is pi to {n} decimals?",
        "[calculate|give me] {n} decimal places of pi",
        "pi with {n} decimals",
        "[print] the number pi, rounded to {n} places",
        "Can I have {n} decimals of pi?",
    ),
    zh=(
        "[计算|打印|输出] 圆周率到小数点后 {n} 位",
        "圆周率小数点后 {n} 位是多少？",
        "[求|计算] π 的前 {n} 位小数",
        "π 精确到小数点后 {n} 位是多少？",
        "给出圆周率的 {n} 位小数",
    ),
    say_en=("Pi to {n} decimal places is {out}.",),
    say_zh=("圆周率约为 {out}。",),
)
def pi_digits(draw: Draw) -> Case:
    n = draw.integer(2, 50)
    return Case({"n": n}, f"from sympy import pi\nprint(pi.evalf({n} + 1))")


@_task(
    "code_sequence",
    weight=1.5,
    en=(
        "[run|execute] this code:\n{block}",
        "What does this code print?\n{block}",
        "{block}\nWhat is the output?",
        "[run] the following program and tell me its output:\n{block}",
        "Please run it:\n{block}",
        "What is printed by this program?\n{block}",
        "Could you execute the code below?\n{block}",
    ),
    zh=(
        "[运行|执行]这段代码：\n{block}",
        "这段代码输出什么？\n{block}",
        "{block}\n输出是什么？",
        "请运行：\n{block}",
        "下面的程序会打印什么？\n{block}",
        "帮忙执行一下这个程序：\n{block}",
    ),
    say_en=("It prints:\n{out}", "The output is:\n{out}"),
    say_zh=("输出是：\n{out}", "运行结果：\n{out}"),
)
def run_this(draw: Draw) -> Case:
    others = [task for task in NUMBERS.tasks if task.name != "run_this"]
    code = draw.rng.choice(others).draw(draw).code
    return Case({"block": f"```python\n{code}\n```"}, code)
