"""Code tasks about strings, equations, matrices and chance. A data table, longer than other files on purpose."""

from __future__ import annotations

from glm.training.code_draw import Draw
from glm.training.code_tasks import Case, TaskTable

TEXT = TaskTable()
_task = TEXT.task

WORDS = tuple(
    """strawberry banana computer language elephant window python river mountain keyboard notebook sunshine
    butterfly chocolate library umbrella adventure kangaroo mississippi committee bookkeeper engineer village
    planet rainbow festival telescope dinosaur volcano pineapple cinnamon blueberry lighthouse orchestra
    crocodile marathon peppermint tournament university vocabulary wilderness xylophone yesterday zeppelin
    apartment breakfast carpenter dictionary envelope fireplace grapefruit harmonica instrument jellyfish
    knowledge lemonade microscope newspaper octopus passenger quarter raspberry satellite tangerine
    understanding vegetable waterfall assessment balloon cappuccino difference excellent giraffe hippopotamus
    illustration jackfruit kitten letter mirror noodle opposite penguin question rabbit sentence tomorrow
    level radar civic noon racecar kayak refer madam rotor stats tenet deed peep solos wow""".split()
)
_SENTENCES = (
    "the quick brown fox jumps over the lazy dog", "hello world", "python is fun to learn", "we walk along the river",
    "my cat sleeps on the warm sofa", "knowledge is power", "the train leaves at noon", "birds sing in the morning",
    "to be or not to be", "small steps lead to big changes", "it rains in the mountains today",
    "practice makes perfect", "time flies like an arrow", "open the window please", "a good book is a good friend",
    "the moon shines over the sea", "every cloud has a silver lining", "she sells sea shells by the sea shore",
    "coffee tastes better with friends", "the museum opens on Sunday", "music makes people happy",
    "winter is cold and summer is hot", "never give up on your dreams", "the garden is full of red roses",
    "I like apples and oranges", "Good Morning Everyone", "Deep Learning With Small Models", "All that glitters is not gold",
    "he who laughs last laughs best", "the early bird catches the worm", "read more books this year",
    "our team won the last match", "where there is smoke there is fire", "the old clock stopped at midnight",
)  # fmt: skip
_ZH_TEXTS = (
    "你好世界", "人工智能", "天天向上", "好好学习", "春眠不觉晓", "床前明月光", "上海自来水来自海上", "学而时习之",
    "山清水秀", "一帆风顺", "千里之行始于足下", "我爱编程", "机器学习", "黄河之水天上来", "海上生明月", "北京欢迎你",
    "明天会更好", "自强不息", "落叶归根", "万事如意", "白日依山尽", "有朋自远方来", "春暖花开", "知识就是力量",
)  # fmt: skip


def _noise(draw: Draw) -> str:
    """A made-up word, so that text must be copied and not remembered."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(draw.rng.choice(letters) for _ in range(draw.rng.randint(4, 9)))


def _word(draw: Draw) -> str:
    if draw.language == "zh" and draw.chance(0.3):
        return draw.choice(_ZH_TEXTS)
    return _noise(draw) if draw.chance(0.2) else draw.choice(WORDS)


def _sentence(draw: Draw) -> str:
    return " ".join(draw.sample(WORDS, draw.rng.randint(3, 6))) if draw.chance(0.4) else draw.choice(_SENTENCES)


def _quoted(draw: Draw, text: str) -> str:
    if draw.language == "zh":
        return draw.rng.choice((f"“{text}”", f'"{text}"', f"「{text}」", f" {text} "))
    return draw.rng.choice((f'"{text}"', f'"{text}"', f"'{text}'", text))


@_task(
    "code_string",
    weight=1.5,
    en=(
        "[reverse] {q}",
        "[reverse] the [string|word|text] {q}",
        "What is {q} [backwards|spelled backwards|reversed]?",
        "{q} backwards",
        "[write|spell|print] {q} backwards",
        "How does {q} read from right to left?",
        "[turn] {q} around letter by letter",
    ),
    zh=(
        "[反转|翻转] {q}",
        "[把|将] {q} [反转|倒过来|倒序输出]",
        "{q}倒过来[是什么|怎么写]？",
        "[反转|翻转]字符串{q}",
        "{q}从后往前念是什么？",
        "把{q}的字符顺序颠倒一下",
    ),
    say_en=("Reversed: {out}", "Backwards it is {out}."),
    say_zh=("反转后是：{out}", "倒过来是 {out}。"),
)
def reverse(draw: Draw) -> Case:
    text = _word(draw) if draw.chance(0.7) or draw.language == "zh" else _sentence(draw)
    return Case({"q": _quoted(draw, text)}, f'text = "{text}"\nprint(text[::-1])')


@_task(
    "code_string",
    weight=1.5,
    en=(
        "How many times does [the letter|] {letter} [occur|appear] in {q}?",
        "How many {letter}'s are [there|] in {q}?",
        "[count] the letter {letter} in {q}",
        "[count|find] how often {letter} [occurs|appears] in {q}",
        "number of {letter} in {q}",
        "How often can you find {letter} in {q}?",
        "[tell me] how many letters {letter} the text {q} has",
    ),
    zh=(
        "{q}里有[几个|多少个]字母 {letter}？",
        "[统计|数一下] {q} 中字母 {letter} 的[个数|出现次数]",
        "{q}中 {letter} 出现了[几次|多少次]？",
        "{letter} 在{q}里出现几回？",
        "看看{q}含有多少个字母 {letter}",
    ),
    say_en=("The letter {letter} occurs {out} times.", "There are {out}."),
    say_zh=("字母 {letter} 出现了 {out} 次。", "有 {out} 个。"),
)
def count_letter(draw: Draw) -> Case:
    text = draw.choice(WORDS) if draw.chance(0.7) else _sentence(draw)
    letter = draw.rng.choice([c for c in text if c.isalpha()])
    return Case({"q": _quoted(draw, text), "letter": letter}, f'text = "{text}"\nprint(text.count("{letter}"))')


@_task(
    "code_string",
    en=(
        "How many [words] are in {q}?",
        "[count] the words in {q}",
        "[count|find] how many words [there are in|are in] {q}",
        "word count of {q}",
        "What is the number of words in {q}?",
        "[tell me] how many words {q} consists of",
    ),
    zh=(
        "{q}有[几个|多少个]单词？",
        "[统计|数一下] {q} 的单词数",
        "这句话有多少个单词：{q}",
        "{q}由几个单词组成？",
        "算一算{q}里的单词总数",
    ),
    say_en=("It has {out} words.", "There are {out} words."),
    say_zh=("有 {out} 个单词。",),
)
def count_words(draw: Draw) -> Case:
    text = _sentence(draw)
    return Case({"q": _quoted(draw, text)}, f'text = "{text}"\nprint(len(text.split()))')


@_task(
    "code_string",
    en=(
        "How [long is|many characters are in] {q}?",
        "What is the length of {q}?",
        "[find|compute] the length of {q}",
        "[count] the characters in {q}",
        "length of {q}",
        "How many characters long is {q}?",
        "[measure] the string {q}",
    ),
    zh=(
        "{q}有[几个|多少个]字符？",
        "{q}的长度是多少？",
        "[求|计算] {q} 的长度",
        "字符串{q}有多长？",
        "数一数{q}的字符数",
    ),
    say_en=("It has {out} characters.", "The length is {out}."),
    say_zh=("长度是 {out}。", "有 {out} 个字符。"),
)
def length(draw: Draw) -> Case:
    text = _word(draw) if draw.chance(0.5) else _sentence(draw)
    return Case({"q": _quoted(draw, text)}, f'text = "{text}"\nprint(len(text))')


@_task(
    "code_string",
    en=(
        "How many vowels are in {q}?",
        "[count] the vowels in {q}",
        "[count|find] the number of vowels in {q}",
        "vowels in {q}",
        "What number of vowels does {q} have?",
        "[tell me] how many vowels {q} contains",
    ),
    zh=(
        "{q}里有[几个|多少个]元音字母？",
        "[统计|数一下] {q} 中元音字母的个数",
        "{q}有多少元音？",
        "{q}包含几个元音？",
        "算出{q}中的元音数量",
    ),
    say_en=("It contains {out} vowels.", "There are {out} vowels."),
    say_zh=("有 {out} 个元音字母。",),
)
def vowels(draw: Draw) -> Case:
    text = draw.choice(WORDS) if draw.chance(0.6) else _sentence(draw)
    return Case({"q": _quoted(draw, text)}, f'text = "{text}"\nprint(sum(c in "aeiouAEIOU" for c in text))')


@_task(
    "code_string",
    en=(
        "Is {q} a palindrome?",
        "[check|test|find out] [whether|if] {q} is a palindrome",
        "[tell me] if {q} is a palindrome",
        "palindrome or not: {q}?",
        "Does {q} read the same backwards?",
        "[see] if {q} is the same from both ends",
    ),
    zh=(
        "{q}是回文吗？",
        "[判断|检查] {q} 是不是回文",
        "[判断|检查] {q} 是否是回文",
        "{q}正着读和倒着读一样吗？",
        "看看{q}是否为回文字符串",
    ),
    say_en=("{verdict_en}",),
    say_zh=("{verdict_zh}",),
)
def palindrome(draw: Draw) -> Case:
    text = _word(draw)
    if draw.chance(0.4):
        half = _noise(draw)[:4]
        text = half + half[::-1][draw.rng.randint(0, 1) :]
    yes = text == text[::-1]
    slots = {
        "q": _quoted(draw, text),
        "verdict_en": f'Yes, "{text}" is a palindrome.' if yes else f'No, "{text}" is not a palindrome.',
        "verdict_zh": f"“{text}”是回文。" if yes else f"“{text}”不是回文。",
    }
    return Case(slots, f'text = "{text}"\nprint(text == text[::-1])')


_CASES = (
    ("upper", "upper case|uppercase|capital letters", "大写|大写字母"),
    ("lower", "lower case|lowercase|small letters", "小写|小写字母"),
    ("title", "title case", "首字母大写的形式"),
)


@_task(
    "code_string",
    en=(
        "[convert|change] {q} to {what}",
        "[write|print] {q} in {what}",
        "What is {q} in {what}?",
        "{q} in {what}",
        "[make] {q} {what}",
        "How does {q} look in {what}?",
        "[put] the text {q} into {what}",
    ),
    zh=(
        "[把|将] {q} [转换成|转成|变成]{what}",
        "{q}的{what}是什么？",
        "[用|以]{what}输出 {q}",
        "{q}写成{what}是什么样？",
        "请把文本{q}改为{what}",
    ),
    say_en=("{out}", "Here it is: {out}"),
    say_zh=("转换后：{out}", "{out}"),
)
def change_case(draw: Draw) -> Case:
    text = _sentence(draw) if draw.chance(0.6) else draw.choice(WORDS)
    method, english, chinese = draw.rng.choices(_CASES, (3, 2, 1))[0]
    what = draw.rng.choice((english if draw.language == "en" else chinese).split("|"))
    return Case({"q": _quoted(draw, text), "what": what}, f'text = "{text}"\nprint(text.{method}())')


@_task(
    "code_string",
    en=(
        "[replace] {old} [with|by] {new} in {q}",
        "[replace] the word {old} with {new}: {q}",
        "In {q}, replace {old} with {new}.",
        "[change] {old} to {new} in {q}",
        "[swap] the word {old} for {new} in {q}",
        "Could you put {new} instead of {old} in {q}?",
    ),
    zh=(
        "[把|将] {q} 中的 {old} [替换成|换成|改成] {new}",
        "在{q}里用 {new} 替换 {old}",
        "{q}，[把|将] {old} 换成 {new}",
        "{q}里的 {old} 换成 {new} 是什么？",
        "请在{q}中以 {new} 代替 {old}",
    ),
    say_en=("{out}", "The new text is: {out}"),
    say_zh=("替换后：{out}", "新的文本是：{out}"),
)
def replace(draw: Draw) -> Case:
    text = _sentence(draw)
    old, new = draw.rng.choice(text.split()), draw.choice(WORDS)
    slots = {"q": f'"{text}"' if draw.language == "en" else f"“{text}”", "old": old, "new": new}
    return Case(slots, f'text = "{text}"\nprint(text.replace("{old}", "{new}"))')


@_task(
    "code_string",
    en=(
        "[sort] the words {words} [alphabetically|in alphabetical order|]",
        "[put|arrange] {words} in alphabetical order",
        "[sort] these words: {words}",
        "What is the alphabetical order of {words}?",
        "words in order: {words}",
        "[order] the words {words} from a to z",
        "Which order do {words} have in a dictionary?",
    ),
    zh=(
        "[把|将] 单词 {words} 按字母[顺序|]排序",
        "[按|以]字母顺序排列 {words}",
        "[给|对] 这些单词排序：{words}",
        "{words} 按字典顺序怎么排？",
        "把 {words} 这些词从 a 到 z 排好",
    ),
    say_en=("In alphabetical order: {items}.",),
    say_zh=("按字母顺序：{items}。",),
)
def sort_words(draw: Draw) -> Case:
    words = draw.sample(WORDS, draw.rng.randint(3, 7))
    quoted = ", ".join(f'"{word}"' for word in words)
    return Case({"words": draw.listed(words)}, f"words = [{quoted}]\nprint(sorted(words))")


@_task(
    "code_string",
    en=(
        "Which of the words {words} is the longest?",
        "[find] the longest word in {words}",
        "What is the longest word of {words}?",
        "longest word: {words}",
        "[pick] the longest of {words}",
        "Which word has the most letters: {words}?",
    ),
    zh=(
        "{words} 中最长的单词是哪个？",
        "[找出|求] {words} 里最长的单词",
        "哪个单词最长：{words}",
        "{words} 中哪个词字母最多？",
        "从 {words} 里挑出最长的词",
    ),
    say_en=("The longest word is {out}.",),
    say_zh=("最长的单词是 {out}。",),
)
def longest_word(draw: Draw) -> Case:
    words = draw.sample(WORDS, draw.rng.randint(3, 6))
    quoted = ", ".join(f'"{word}"' for word in words)
    return Case({"words": draw.listed(words)}, f"words = [{quoted}]\nprint(max(words, key=len))")


@_task(
    "code_string",
    en=(
        "[remove|delete] the duplicates from {nums}",
        "[remove|drop] duplicates: {nums}",
        "What are the unique values in {nums}?",
        "unique numbers of {nums}",
        "[find|list] the distinct values of {nums}",
        "Which different numbers occur in {nums}?",
        "[keep] each number of {nums} only once",
    ),
    zh=(
        "[把|将|给] {nums} 去重",
        "[去掉|删除] {nums} 中的重复值",
        "{nums} 中不重复的数有哪些？",
        "{nums} 里有哪些不同的数？",
        "{nums} 每个数只保留一次",
    ),
    say_en=("Without duplicates: {items}.", "The unique values are {items}."),
    say_zh=("去重后是 {items}。",),
)
def unique(draw: Draw) -> Case:
    pool = [draw.integer(1, 99) for _ in range(draw.rng.randint(2, 5))]
    numbers = [draw.rng.choice(pool) for _ in range(draw.rng.randint(5, 10))]
    return Case({"nums": draw.listed(numbers)}, f"numbers = {numbers}\nprint(sorted(set(numbers)))")


@_task(
    "code_string",
    en=(
        "[encrypt|encode] {q} with a Caesar [cipher|shift] of {k}",
        "[apply] a Caesar cipher with shift {k} to {q}",
        "caesar cipher {q}, shift {k}",
        "What is {q} in Caesar code with key {k}?",
        "[shift] every letter of {q} by {k}",
        "Could you Caesar-encrypt {q} using key {k}?",
    ),
    zh=(
        "[用|使用] 凯撒密码加密 {q}，偏移 {k}",
        "[把|将] {q} 用凯撒密码加密，位移为 {k}",
        "凯撒密码：{q}，偏移量 {k}",
        "{q}经凯撒加密（密钥 {k}）是什么？",
        "把{q}的每个字母后移 {k} 位",
    ),
    say_en=("The encrypted text is {out}.", "{out}"),
    say_zh=("加密结果是 {out}。",),
)
def caesar(draw: Draw) -> Case:
    text, k = draw.choice(WORDS), draw.integer(1, 12)
    slots = {"q": f'"{text}"' if draw.language == "en" else f" {text} ", "k": k}
    return Case(slots, f'text = "{text}"\nprint("".join(chr((ord(c) - 97 + {k}) % 26 + 97) for c in text))')


@_task(
    "code_string",
    en=(
        "[count] each [letter|character] in {q}",
        "How often does each letter occur in {q}?",
        "[show|print] the letter frequencies of {q}",
        "letter counts of {q}",
        "What is the frequency of every letter in {q}?",
        "[tally] the letters of {q}",
    ),
    zh=(
        "[统计|数一下] {q} 中每个字母[的个数|出现的次数]",
        "{q}里每个字符出现几次？",
        "{q}的字母频率是怎样的？",
        "{q}中各个字母分别有几个？",
        "列出{q}的字符出现次数",
    ),
    say_en=("These are the counts: {items}.",),
    say_zh=("各字母次数：{items}。",),
)
def letter_counts(draw: Draw) -> Case:
    text = draw.choice(WORDS)
    slots = {"q": f'"{text}"' if draw.language == "en" else f"“{text}”"}
    return Case(slots, f'text = "{text}"\nprint({{c: text.count(c) for c in sorted(set(text))}})')


@_task(
    "code_string",
    en=(
        "[print|write|show|output] {q}",
        "[print|output] the text {q}",
        "[write] Python code that prints {q}",
        "Write a program that prints {q}.",
        "print {q}",
        "[display] {q} on the screen",
        "How do I print {q} in Python?",
    ),
    zh=(
        "[打印|输出|显示] {q}",
        "[写一个程序|用 Python] 输出 {q}",
        "print {q}",
        "在屏幕上显示{q}",
        "Python 怎么打印{q}？",
    ),
    say_en=("The program printed: {out}", "Done: {out}"),
    say_zh=("程序输出了：{out}",),
    weight=0.7,
)
def say(draw: Draw) -> Case:
    text = _sentence(draw) if draw.language == "en" or draw.chance(0.4) else draw.choice(_ZH_TEXTS)
    text = text[0].upper() + text[1:] + draw.rng.choice(("", "", "!"))
    slots = {"q": f'"{text}"' if draw.language == "en" else f"“{text}”"}
    return Case(slots, f'print("{text}")')


@_task(
    "code_string",
    en=(
        "[print|draw] a triangle of stars with {n} rows",
        "[print|show|make] a star triangle with {n} lines",
        "star triangle, {n} rows",
        "[draw] a triangle of asterisks {n} rows high",
        "Can I get a triangle made of * with {n} lines?",
    ),
    zh=(
        "[打印|输出] {n} 行的星号三角形",
        "用星号画一个 {n} 行的三角形",
        "{n}行星号三角形",
        "输出一个由 * 组成的三角形，共 {n} 行",
        "星号三角形，高 {n} 行",
    ),
    say_en=("Here is the triangle with {n} rows.",),
    say_zh=("这是 {n} 行的三角形。",),
    weight=0.5,
)
def stars(draw: Draw) -> Case:
    n = draw.integer(3, 12)
    return Case({"n": n}, f'for i in range(1, {n} + 1):\n    print("*" * i)')


def _polynomial(coefficients: list[int]) -> str:
    """Coefficients, highest power first, as Python source: [1, -5, 6] is "x**2 - 5*x + 6"."""
    terms: list[str] = []
    for degree, value in zip(range(len(coefficients) - 1, -1, -1), coefficients, strict=True):
        if not value:
            continue
        body = "" if degree == 0 else "x" if degree == 1 else f"x**{degree}"
        size = str(abs(value)) if not body else body if abs(value) == 1 else f"{abs(value)}*{body}"
        sign = (" - " if value < 0 else " + ") if terms else ("-" if value < 0 else "")
        terms.append(sign + size)
    return "".join(terms) or "0"


def maths(draw: Draw, code: str) -> str:
    """Source of a formula as people type it: x^2, x² or x**2, 3x or 3*x."""
    style, text = draw.rng.random(), code
    if style < 0.6:
        text = text.replace("**", "^")
    elif style < 0.75:
        text = text.replace("**2", "²").replace("**3", "³").replace("**", "^")
    if draw.chance(0.75):
        text = text.replace("*", "") if "**" not in text else text.replace("*x", "x")
    return text.replace(" ", "") if draw.chance(0.25) else text


_SYMPY = "from sympy import {names}\nx = symbols(\"x\")\nprint({call})"


@_task(
    "code_equation",
    weight=2.5,
    en=(
        "[solve] {eq}",
        "[solve] the equation {eq}",
        "What are the solutions of {eq}?",
        "[find|calculate] x if {eq}",
        "[find] the roots of {eq}",
        "solve for x: {eq}",
        "For which x is {eq}?",
        "[determine] x in the equation {eq}",
    ),
    zh=(
        "[解方程|求解] {eq}",
        "[解|求解] 方程 {eq}",
        "方程 {eq} 的[解|根]是[什么|多少]？",
        "{eq}，求 x",
        "[求|计算] 方程 {eq} 的[解|根]",
        "若 {eq}，x 等于多少？",
        "已知 {eq}，x 是几？",
    ),
    say_en=("The solutions are {items}.", "x = {items}"),
    say_zh=("方程的解是 {items}。", "x = {items}"),
)
def solve(draw: Draw) -> Case:
    if draw.chance(0.4):
        a, x = draw.integer(2, 12), draw.integer(-30, 40)
        b = draw.integer(-40, 60) or 5
        left, right = _polynomial([a, b]), str(a * x + b)
    elif draw.chance(0.75):
        p, q = draw.kept(lambda: (draw.rng.randint(-12, 12), draw.rng.randint(-12, 12)))
        left, right = _polynomial([1, -(p + q), p * q]), "0"
    else:
        a, p, q = draw.kept(lambda: (draw.rng.randint(2, 5), draw.rng.randint(-6, 6), draw.rng.randint(-6, 6)))
        left, right = _polynomial([a, -a * (p + q), a * p * q]), "0"
    if left in ("x", "x**2"):
        left = left + " - 9"
    code = _SYMPY.format(names="Eq, solve, symbols", call=f"solve(Eq({left}, {right}), x)")
    equals = draw.rng.choice((" = ", "=", " = "))
    return Case({"eq": maths(draw, left) + equals + right}, code)


@_task(
    "code_equation",
    en=(
        "[solve] the system {one}, {two}",
        "[solve] {one} and {two}",
        "What are x and y if {one} and {two}?",
        "[find] x and y: {one}; {two}",
        "system of equations: {one}, {two}",
        "Which x and y satisfy {one} and {two}?",
        "[determine] x and y with {one} and {two}",
    ),
    zh=(
        "[解|求解] 方程组 {one}，{two}",
        "[解|求解] 方程组：{one}；{two}",
        "{one} 且 {two}，求 x 和 y",
        "方程组 {one}，{two} 的解是什么？",
        "已知 {one} 和 {two}，x 和 y 是多少？",
        "当 {one}，{two} 时，x、y 各是几？",
    ),
    say_en=("The solution is {items}.",),
    say_zh=("方程组的解是 {items}。",),
)
def system(draw: Draw) -> Case:
    x, y = draw.integer(-9, 20), draw.integer(-9, 20)
    a, b, c, d = 1, 1, 2, 2
    while a * d == b * c:
        a, b, c, d = (draw.rng.choice((1, 1, 2, 3, 4, 5, -1, -2, -3)) for _ in range(4))
    lefts = [_polynomial([p, 0]) + _second(q) for p, q in ((a, b), (c, d))]
    rights = [a * x + b * y, c * x + d * y]
    code = (
        'from sympy import Eq, solve, symbols\nx, y = symbols("x y")\n'
        f"print(solve([Eq({lefts[0]}, {rights[0]}), Eq({lefts[1]}, {rights[1]})], [x, y]))"
    )
    one, two = (f"{maths(draw, left)} = {right}" for left, right in zip(lefts, rights, strict=True))
    return Case({"one": one, "two": two}, code)


def _second(q: int) -> str:
    return (" - " if q < 0 else " + ") + ("y" if abs(q) == 1 else f"{abs(q)}*y")


_FUNCTIONS = ("sin(x)", "cos(x)", "exp(x)", "log(x)", "x*sin(x)", "x*exp(x)", "x*cos(x)", "sin(x)**2", "exp(2*x)", "cos(3*x)",
              "sin(2*x)", "x**2*exp(x)")  # fmt: skip


def _formula(draw: Draw) -> tuple[str, str]:
    """A formula in x as source, and the sympy names that it needs."""
    if draw.chance(0.3):
        formula = draw.rng.choice(_FUNCTIONS)
        return formula, next(name for name in ("sin", "cos", "exp", "log") if name in formula)
    return _polynomial(draw.kept(lambda: _coefficients(draw))), ""


def _coefficients(draw: Draw) -> list[int]:
    first = draw.rng.choice((1, 1, 2, 3, 4, 5, -1, -2))
    degree = draw.rng.randint(1, 4)
    return [first, *(draw.rng.choice((0, 0, draw.rng.randint(-9, 9), draw.rng.randint(1, 20))) for _ in range(degree))]


def _calculus(draw: Draw, function: str, arguments: str) -> Case:
    formula, needs = _formula(draw)
    names = ", ".join(sorted({function, "symbols", *([needs] if needs else [])}))
    slots = {"f": maths(draw, formula) if not needs else formula.replace("**", draw.rng.choice(("**", "^")))}
    return Case(slots, _SYMPY.format(names=names, call=f"{function}({formula}, {arguments})"))


@_task(
    "code_equation",
    weight=1.3,
    en=(
        "[differentiate] {f}",
        "What is the derivative of {f}?",
        "[find|compute|calculate] the derivative of {f}",
        "derivative of {f}",
        "d/dx {f}",
        "[find|compute] d/dx of {f}",
        "How do I differentiate {f}?",
        "[take] the derivative of y = {f}",
    ),
    zh=(
        "[求|计算] {f} 的导数",
        "{f} 的导数是[什么|多少]？",
        "[对|给] {f} 求导",
        "[求|计算] 函数 y = {f} 的导数",
        "{f} 求导等于什么？",
        "函数 {f} 的导函数是什么？",
    ),
    say_en=("The derivative is {out}.", "d/dx = {out}"),
    say_zh=("导数是 {out}。", "求导结果为 {out}。"),
)
def derivative(draw: Draw) -> Case:
    return _calculus(draw, "diff", "x")


@_task(
    "code_equation",
    weight=1.2,
    en=(
        "[integrate] {f}",
        "What is the integral of {f}?",
        "[find|compute|calculate] the integral of {f}",
        "integral of {f}",
        "[find|compute] the antiderivative of {f}",
        "What is the indefinite integral of {f} dx?",
        "[work out] ∫ {f} dx",
    ),
    zh=(
        "[求|计算] {f} 的[不定积分|积分]",
        "{f} 的[不定积分|积分]是什么？",
        "[对|给] {f} 积分",
        "[求|计算] ∫ {f} dx",
        "{f} 的原函数是什么？",
        "求函数 {f} 的一个原函数",
    ),
    say_en=("The integral is {out} + C.",),
    say_zh=("积分结果是 {out} + C。",),
)
def integral(draw: Draw) -> Case:
    return _calculus(draw, "integrate", "x")


@_task(
    "code_equation",
    en=(
        "[integrate] {f} from {a} to {b}",
        "What is the integral of {f} from {a} to {b}?",
        "[compute|calculate] the definite integral of {f} from {a} to {b}",
        "[find] the area under {f} from {a} to {b}",
        "What is the area under y = {f} between x = {a} and x = {b}?",
        "[evaluate] the integral of {f} over [the interval|the range] {a} to {b}",
    ),
    zh=(
        "[求|计算] {f} 从 {a} 到 {b} 的[定积分|积分]",
        "{f} 从 {a} 到 {b} 的积分是多少？",
        "[求|计算] {f} 在区间 {a} 到 {b} 上的定积分",
        "曲线 y = {f} 在 {a} 到 {b} 之间的面积是多少？",
        "把 {f} 从 {a} 积到 {b}",
    ),
    say_en=("The integral is {out}.",),
    say_zh=("定积分是 {out}。",),
)
def definite(draw: Draw) -> Case:
    a = draw.rng.randint(-3, 4)
    b = a + draw.rng.randint(1, 6)
    low, high = (1, -4, -9), (6, 9, 9)
    formula = _polynomial(draw.kept(lambda: [draw.rng.randint(a, b) for a, b in zip(low, high, strict=True)]))
    if draw.chance(0.3):
        formula = _polynomial([draw.rng.randint(1, 4), 0, 0, draw.rng.randint(0, 5)])
    code = _SYMPY.format(names="integrate, symbols", call=f"integrate({formula}, (x, {a}, {b}))")
    return Case({"f": maths(draw, formula), "a": a, "b": b}, code)


@_task(
    "code_equation",
    en=(
        "[factor|factorize] {f}",
        "[factor] the polynomial {f}",
        "What are the factors of {f}?",
        "factor {f}",
        "[write] {f} as a product of factors",
        "How can {f} be factored?",
    ),
    zh=(
        "[把|将] {f} [因式分解|分解因式]",
        "因式分解 {f}",
        "{f} 因式分解是什么？",
        "{f} 可以分解成什么？",
        "对多项式 {f} 做因式分解",
    ),
    say_en=("{f} = {out}", "Factored: {out}"),
    say_zh=("因式分解：{out}", "{f} = {out}"),
)
def factorise(draw: Draw) -> Case:
    p, q = draw.kept(lambda: (draw.rng.randint(-12, 12), draw.rng.randint(-12, 12)))
    a = draw.rng.choice((1, 1, 2, 3))
    formula = _polynomial([a, -a * (p + q), a * p * q])
    return Case({"f": maths(draw, formula)}, _SYMPY.format(names="factor, symbols", call=f"factor({formula})"))


@_task(
    "code_equation",
    en=(
        "[expand] {f}",
        "[expand|multiply out] the product {f}",
        "What is {f} expanded?",
        "expand {f}",
        "[multiply out] {f}",
        "What do you get if you multiply out {f}?",
    ),
    zh=(
        "[展开|计算] {f}",
        "[把|将] {f} 展开",
        "{f} 展开是什么？",
        "{f} 展开后等于什么？",
        "把乘积 {f} 乘开",
    ),
    say_en=("{f} = {out}", "Expanded: {out}"),
    say_zh=("展开：{out}", "{f} = {out}"),
)
def expand(draw: Draw) -> Case:
    a, b = draw.kept(lambda: (draw.rng.randint(1, 12), draw.rng.choice((-1, 1)) * draw.rng.randint(1, 12)))
    k = draw.rng.choice((1, 1, 2, 3))
    first = f"({_polynomial([k, b])})"
    formula = f"{first}**{draw.rng.randint(2, 4)}" if draw.chance(0.4) else f"{first}*(x + {a})"
    typed = formula.replace("**", "^").replace(")*(", ")(") if draw.chance(0.7) else formula
    return Case({"f": typed.replace("*x", "x")}, _SYMPY.format(names="expand, symbols", call=f"expand({formula})"))


_LIMITS = (
    ("sin(x)/x", "0", "sin"), ("(1 - cos(x))/x**2", "0", "cos"), ("(exp(x) - 1)/x", "0", "exp"), ("(1 + 1/x)**x", "oo", ""),
    ("sin({k}*x)/x", "0", "sin"), ("({k}*x**2 + 1)/(x**2 + x)", "oo", ""), ("(x**2 - {k}**2)/(x - {k})", "{k}", ""),
    ("({k}*x + 1)/(x - 2)", "oo", ""), ("tan({k}*x)/x", "0", "tan"), ("(1 + {k}/x)**x", "oo", ""),
)  # fmt: skip


@_task(
    "code_equation",
    weight=0.8,
    en=(
        "What is the limit of {f} as x approaches {to}?",
        "[find|compute|calculate] the limit of {f} as x goes to {to}",
        "limit of {f} for x -> {to}",
        "[compute|evaluate] lim x->{to} {f}",
        "Where does {f} tend when x tends to {to}?",
        "[determine] the limit of {f} for x towards {to}",
    ),
    zh=(
        "[求|计算] x 趋于 {to} 时 {f} 的极限",
        "当 x 趋近于 {to} 时，{f} 的极限是多少？",
        "[求|计算] 极限 lim x->{to} {f}",
        "x→{to} 时 {f} 趋于多少？",
        "算出 {f} 在 x→{to} 时的极限",
    ),
    say_en=("The limit is {out}.",),
    say_zh=("极限是 {out}。",),
)
def limit(draw: Draw) -> Case:
    formula, to, needs = draw.rng.choice(_LIMITS)
    k = draw.integer(2, 12)
    formula, to = formula.format(k=k), to.format(k=k)
    names = ", ".join(sorted({"limit", "symbols", *([needs] if needs else []), *(["oo"] if to == "oo" else [])}))
    shown = {"en": "infinity", "zh": "无穷"}[draw.language] if to == "oo" else to
    slots = {"f": formula.replace("**", draw.rng.choice(("^", "**"))), "to": shown}
    return Case(slots, _SYMPY.format(names=names, call=f"limit({formula}, x, {to})"))


def _matrix(draw: Draw, rows: int, columns: int) -> list[list[int]]:
    def make() -> list[list[int]]:
        return [[draw.rng.randint(-4 if draw.chance(0.2) else 0, 9) for _ in range(columns)] for _ in range(rows)]

    return draw.kept(make)


def _invertible(draw: Draw) -> list[list[int]]:
    while True:
        (a, b), (c, d) = matrix = _matrix(draw, 2, 2)
        if a * d - b * c:
            return matrix


_NUMPY = "import numpy as np\na = np.array({a})\nprint({call})"


@_task(
    "code_matrix",
    en=(
        "[multiply] the matrices {a} and {b}",
        "What is the matrix product of {a} and {b}?",
        "[compute|calculate] the product of the matrices {a} and {b}",
        "matrix product {a} times {b}",
        "[multiply] matrix {a} by matrix {b}",
        "What do the matrices {a} and {b} give when multiplied?",
    ),
    zh=(
        "[计算|求] 矩阵 {a} 和 {b} 的乘积",
        "矩阵 {a} 乘以矩阵 {b} 等于多少？",
        "[把|将] 矩阵 {a} 和 {b} 相乘",
        "矩阵 {a} 与 {b} 的积是什么？",
        "算出矩阵乘法 {a} × {b}",
    ),
    say_en=("The product is {flat}.",),
    say_zh=("乘积是 {flat}。",),
)
def matrix_product(draw: Draw) -> Case:
    a, b = _matrix(draw, 2, 2), _matrix(draw, 2, 2)
    code = f"import numpy as np\na = np.array({a})\nb = np.array({b})\nprint(a @ b)"
    return Case({"a": a, "b": b}, code)


@_task(
    "code_matrix",
    en=(
        "What is the determinant of {a}?",
        "[compute|calculate|find] the determinant of {a}",
        "[find|compute] det({a})",
        "determinant of the matrix {a}",
        "Which determinant does the matrix {a} have?",
        "[work out] the determinant of matrix {a}",
    ),
    zh=(
        "[计算|求] 矩阵 {a} 的行列式",
        "矩阵 {a} 的行列式是多少？",
        "[计算|求] 行列式 {a}",
        "{a} 的行列式等于几？",
        "算出矩阵 {a} 的行列式值",
    ),
    say_en=("The determinant is {out}.",),
    say_zh=("行列式是 {out}。",),
)
def determinant(draw: Draw) -> Case:
    size = draw.rng.choice((2, 2, 3))
    a = _matrix(draw, size, size)
    return Case({"a": a}, _NUMPY.format(a=a, call="round(np.linalg.det(a), 2)"), output=_printed_determinant(a))


def _printed_determinant(a: list[list[int]]) -> str | None:
    """None, unless the determinant is 0, whose sign in floating point depends on the machine."""
    if len(a) == 2:
        value = a[0][0] * a[1][1] - a[0][1] * a[1][0]
    else:
        value = sum(a[0][i] * (a[1][i - 2] * a[2][i - 1] - a[1][i - 1] * a[2][i - 2]) for i in range(3))
    return None if value else "0.0"


@_task(
    "code_matrix",
    en=(
        "What is the inverse of {a}?",
        "[compute|calculate|find] the inverse of {a}",
        "[invert] the matrix {a}",
        "inverse matrix of {a}",
        "How does the inverse of the matrix {a} look?",
        "[find] the matrix inverse of {a}",
    ),
    zh=(
        "[计算|求] 矩阵 {a} 的逆[矩阵|]",
        "矩阵 {a} 的逆矩阵是什么？",
        "[把|对] 矩阵 {a} 求逆",
        "{a} 的逆是多少？",
        "算出 {a} 的逆矩阵",
    ),
    say_en=("The inverse is {flat}.",),
    say_zh=("逆矩阵是 {flat}。",),
)
def inverse(draw: Draw) -> Case:
    a = _invertible(draw)
    return Case({"a": a}, _NUMPY.format(a=a, call="np.linalg.inv(a).round(4)"))


@_task(
    "code_matrix",
    en=(
        "[transpose] the matrix {a}",
        "What is the transpose of {a}?",
        "[compute|find] the transpose of {a}",
        "transpose of {a}",
        "[swap] the rows and columns of {a}",
        "How does {a} look transposed?",
    ),
    zh=(
        "[计算|求] 矩阵 {a} 的转置",
        "矩阵 {a} 的转置是什么？",
        "[把|将] 矩阵 {a} 转置",
        "{a} 转置后是什么样？",
        "交换矩阵 {a} 的行和列",
    ),
    say_en=("The transpose is {flat}.",),
    say_zh=("转置矩阵是 {flat}。",),
)
def transpose(draw: Draw) -> Case:
    a = _matrix(draw, draw.rng.randint(2, 3), draw.rng.randint(2, 3))
    return Case({"a": a}, _NUMPY.format(a=a, call="a.T"))


@_task(
    "code_matrix",
    en=(
        "[solve] the linear system A x = b with A = {a} and b = {b}",
        "What is x if {a} x = {b}?",
        "[solve] Ax = b for A = {a}, b = {b}",
        "[find] the vector x with {a} x = {b}",
        "Which x solves A x = b when A is {a} and b is {b}?",
        "[compute] the solution of the linear system {a} x = {b}",
    ),
    zh=(
        "[解|求解] 线性方程组 Ax = b，A = {a}，b = {b}",
        "A = {a}，b = {b}，求 Ax = b 的解",
        "[求|计算] 满足 {a} x = {b} 的向量 x",
        "若 A = {a}，b = {b}，Ax = b 中 x 是什么？",
        "用 numpy 求 {a} x = {b} 的 x",
    ),
    say_en=("The solution is {flat}.",),
    say_zh=("解是 {flat}。",),
)
def linear_system(draw: Draw) -> Case:
    a = _invertible(draw)
    x = [draw.rng.randint(1, 9), draw.rng.randint(1, 9)]
    b = [sum(p * q for p, q in zip(row, x, strict=True)) for row in a]
    code = f"import numpy as np\na = np.array({a})\nb = np.array({b})\nprint(np.linalg.solve(a, b).round(4))"
    return Case({"a": a, "b": b}, code)


@_task(
    "code_random",
    en=(
        "[roll] {n} dice",
        "[roll] a die {n} times",
        "[simulate] {n} dice rolls",
        "Can you throw {n} dice for me?",
        "roll {n} dice",
        "What do I get when I roll {n} dice?",
        "[throw] dice {n} times",
    ),
    zh=(
        "[掷|扔|投] {n} 次骰子",
        "[模拟|随机] 掷 {n} 个骰子",
        "帮我[掷|扔] {n} 个骰子",
        "扔 {n} 个骰子会得到什么？",
        "把骰子投 {n} 次看看结果",
    ),
    say_en=("The dice show {items}.", "You rolled {items}."),
    say_zh=("骰子的点数是 {items}。",),
)
def dice(draw: Draw) -> Case:
    n = draw.integer(1, 12)
    code = f"import random\nrolls = [random.randint(1, 6) for i in range({n})]\nprint(rolls)"
    return Case({"n": n}, code, output=str([draw.rng.randint(1, 6) for _ in range(n)]))


@_task(
    "code_random",
    en=(
        "[pick|choose|draw] a random number between {a} and {b}",
        "[give me|generate] a random number from {a} to {b}",
        "random number {a} to {b}",
        "What is a random integer between {a} and {b}?",
        "[generate] one random whole number from {a} up to {b}",
        "Think of a number between {a} and {b}.",
    ),
    zh=(
        "[生成|给我] 一个 {a} 到 {b} 之间的随机数",
        "随机[选|取] 一个 {a} 到 {b} 的整数",
        "{a}到{b}的随机数",
        "在 {a} 到 {b} 中随机取一个数",
        "来一个 {a} 和 {b} 之间的随机整数",
    ),
    say_en=("The random number is {out}.", "I drew {out}."),
    say_zh=("随机数是 {out}。",),
)
def random_number(draw: Draw) -> Case:
    a = draw.rng.choice((0, 1, 1, draw.integer(2, 90)))
    b = a + draw.nice(5, 2000)
    return Case(
        {"a": a, "b": b}, f"import random\nprint(random.randint({a}, {b}))", output=str(draw.rng.randint(a, b))
    )


_NAMES = tuple("Anna Ben Clara David Emma Felix Grace Henry Ivy Jack Kate Leo Mia Noah Olga Paul Rosa Sam Tina Viktor".split())
_NAMES_ZH = ("小明", "小红", "小刚", "小丽", "李雷", "韩梅梅", "王芳", "张伟", "刘洋", "陈静", "赵强", "孙丽", "周杰", "吴敏")


@_task(
    "code_random",
    en=(
        "[pick|choose] one of {names} at random",
        "[pick|draw] a random winner from {names}",
        "Who of {names} should start? Choose randomly.",
        "random choice: {names}",
        "Which of {names} wins the lottery?",
        "[select] somebody at random from {names}",
    ),
    zh=(
        "从 {names} 中随机[选|抽] 一个",
        "随机选一个：{names}",
        "{names} 中随机抽一位",
        "{names} 里面随机挑谁？",
        "在 {names} 中抽签选一人",
    ),
    say_en=("The choice is {out}.", "{out} was chosen."),
    say_zh=("抽中的是{out}。",),
)
def choose(draw: Draw) -> Case:
    pool = _NAMES if draw.language == "en" or draw.chance(0.3) else _NAMES_ZH
    names = draw.sample(pool, min(draw.rng.randint(2, 5), len(draw.part(pool))))
    quoted = ", ".join(f'"{name}"' for name in names)
    code = f"import random\nnames = [{quoted}]\nprint(random.choice(names))"
    return Case({"names": draw.listed(names)}, code, output=draw.rng.choice(names))


@_task(
    "code_random",
    en=(
        "[shuffle] {nums}",
        "[shuffle] the list {nums}",
        "[put] {nums} in random order",
        "random order of {nums}",
        "[mix] the numbers {nums}",
        "Could you shuffle {nums} randomly?",
    ),
    zh=(
        "[打乱|随机打乱] {nums}",
        "[把|将] {nums} 随机排序",
        "[把|将] 列表 {nums} 打乱",
        "{nums} 随机排列一下",
        "把 {nums} 的次序随机弄乱",
    ),
    say_en=("Shuffled: {items}.",),
    say_zh=("打乱后：{items}。",),
)
def shuffle(draw: Draw) -> Case:
    numbers = draw.numbers(3, 9, whole=True)
    mixed = draw.rng.sample(numbers, len(numbers))
    code = f"import random\nnumbers = {numbers}\nrandom.shuffle(numbers)\nprint(numbers)"
    return Case({"nums": draw.listed(numbers)}, code, output=str(mixed), leaves="numbers")


@_task(
    "code_random",
    en=(
        "[generate|create|make] a [random|] password with {n} characters",
        "[give me] a {n} character password",
        "random password, {n} characters",
        "I need a password of length {n}.",
        "[invent] a password that is {n} characters long",
        "Could you think up a password with {n} characters?",
    ),
    zh=(
        "[生成|创建] 一个 {n} 位的[随机|]密码",
        "给我一个 {n} 位密码",
        "随机密码，{n} 位",
        "我需要长度为 {n} 的密码",
        "来一串 {n} 个字符的密码",
    ),
    say_en=("Your password is {out}",),
    say_zh=("密码是：{out}",),
)
def password(draw: Draw) -> Case:
    n = draw.integer(6, 24)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    code = (
        "import random\nimport string\nletters = string.ascii_letters + string.digits\n"
        f'print("".join(random.choice(letters) for i in range({n})))'
    )
    return Case({"n": n}, code, output="".join(draw.rng.choice(letters) for _ in range(n)))


@_task(
    "code_random",
    weight=0.7,
    en=(
        "[flip|toss] a coin",
        "[flip|toss] a coin for me",
        "heads or tails?",
        "Heads or tails? Flip a coin.",
        "Let a coin decide.",
        "[throw] a coin",
    ),
    zh=("[抛|扔|掷] 一枚硬币", "帮我抛硬币", "正面还是反面？抛个硬币", "硬币抛一下看看", "用抛硬币的办法决定"),
    say_en=("The coin shows {out}.",),
    say_zh=("结果是 {out}。",),
)
def coin(draw: Draw) -> Case:
    code = 'import random\nprint(random.choice(["heads", "tails"]))'
    return Case({}, code, output=draw.rng.choice(("heads", "tails")))
