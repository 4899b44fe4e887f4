"""Forty everyday requests for each mode, English and Chinese, answered by a real model: how many are answered right.

    python benchmarks/tasks.py [--model FOLDER] [--mode chat|tool|code] [--verbose]

Each request is a conversation of its own with the settings, tools and sandbox that a visitor gets, decoded
greedily. The requests are written by hand; none is in the training data. What counts as right stands beside each.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from apps import attachments  # noqa: E402
from apps.code_host import CodeHost  # noqa: E402
from glm import Conversation, load_engine  # noqa: E402
from glm.code_interpreter import interpreter_tool  # noqa: E402
from glm.engine import Engine  # noqa: E402
from glm.errors import GlmError  # noqa: E402
from glm.events import Finished, ToolReturned  # noqa: E402
from glm.sandbox.describe import describe_file  # noqa: E402
from glm.sandbox.values import ImageOutput  # noqa: E402
from glm.settings import GenerationSettings  # noqa: E402
from glm.tools import Tool, Toolbox  # noqa: E402
from glm.toolset import BUILT_IN_TOOLS  # noqa: E402

Mode = Literal["chat", "tool", "code"]
SETTINGS = GenerationSettings(temperature=0.0, max_new_tokens=400)
AT_ONCE = 4
FIGURE = "figure"
NO_CALL = "none"
FIBONACCI = "0, 1, 1, 2, 3, 5, 8, 13, 21, 34|1, 1, 2, 3, 5, 8, 13, 21, 34, 55"
CSV_EN = ("scores.csv", "name,score,age\nAnna,72,19\nBen,88,21\nClara,95,20\nDavid,61,22\n")
CSV_ZH = ("成绩.csv", "姓名,成绩,班级\n小明,72,1班\n小红,88,2班\n李雷,95,1班\n王芳,61,2班\n")


@dataclass(frozen=True, slots=True)
class Task:
    """A request and a regular expression that its result has to match, case aside.

    For "chat" the result is the answer. For "tool" `tool` has to be called first, and the expression is looked
    for in what it gave. For "code" it is looked for in what the code printed, or is `FIGURE`.
    """

    question: str
    right: str
    tool: str = ""
    file: tuple[str, str] | None = None


def alone(number: str) -> str:
    """An expression for a number that is not part of a longer one; Chinese characters may stand beside it."""
    return rf"(?<![\d.]){number}(?!\d|\.\d*[1-9])"


CHAT = (
    Task("Hello! Who are you?", "chatglm|glm|assistant"),
    Task("What is the capital of France?", "paris"),
    Task("How many days are in a week?", r"seven|\b7\b"),
    Task("Name three fruits.", "apple|banana|orange|grape|mango|pear"),
    Task("Why is the sky blue?", "scatter"),
    Task("What is the opposite of hot?", "cold|cool"),
    Task("Who wrote Romeo and Juliet?", "shakespeare"),
    Task("What do bees make?", "honey"),
    Task("Give me a tip for falling asleep.", "sleep|bed|relax"),
    Task("What is photosynthesis?", "light|energy|sun"),
    Task("Which planet is closest to the sun?", "mercury"),
    Task("What is water made of?", "hydrogen"),
    Task("Write one sentence about the sea.", "sea|ocean|wave|water"),
    Task("What language is spoken in Brazil?", "portuguese"),
    Task("How can I learn a new language?", "practi|learn|vocabulary|words"),
    Task("What is the largest ocean?", "pacific"),
    Task("Thank you for your help!", "welcome|glad|happy|help"),
    Task("What is the freezing point of water in Celsius?", r"\b0\b|zero"),
    Task("Name a famous painter.", "picasso|van gogh|monet|vinci|rembrandt|michelangelo|dal"),
    Task("What should I eat to stay healthy?", "fruit|vegetable|whole|protein|balanced"),
    Task("你好！你是谁？", "GLM|助手|助理"),
    Task("法国的首都是哪里？", "巴黎"),
    Task("一周有几天？", "7|七"),
    Task("说出三种水果。", "苹果|香蕉|橙|葡萄|梨"),
    Task("天空为什么是蓝色的？", "散射|蓝光|光"),
    Task("晚上睡不着怎么办？", "睡|放松|手机|咖啡"),
    Task("你能做什么？", "回答|帮|聊|问题"),
    Task("谢谢你的帮助！", "不客气|不用谢|高兴|随时"),
    Task("中国的首都是哪里？", "北京"),
    Task("怎样养成早起的习惯？", "早|睡|闹钟|时间"),
    Task("请介绍一下你自己。", "GLM|助手|模型"),
    Task("水在多少摄氏度结冰？", "0|零"),
    Task("推荐一项适合周末的活动。", "散步|读|看|运动|爬|公园|骑|画"),
    Task("太阳从哪边升起？", "东"),
    Task("怎么学好英语？", "单词|听|读|说|练"),
    Task("蜜蜂会酿什么？", "蜜"),
    Task("我今天心情不好。", "难过|心情|怎么|聊|休息|陪|抱歉|没关系|理解"),
    Task("再见！", "再见|下次|拜拜|愉快"),
    Task("给我讲一个健康饮食的建议。", "蔬菜|水果|水|少|均衡|饮食"),
    Task("长城在哪个国家？", "中国"),
)

TOOL = (
    Task("What is 37 * 48 + 12?", r"1,?788", "calculator"),
    Task("Could you work out 15% of 2480 for me?", "372", "calculator"),
    Task("sqrt(1764) + 8", alone("50"), "calculator"),
    Task("I bought 7 books at 12.5 each. What do they cost together?", r"87\.5", "calculator"),
    Task("How much is 2 to the power of 20?", r"1,?048,?576", "calculator"),
    Task("What time is it in Tokyo right now?", "Tokyo", "get_time"),
    Task("Tell me the current time in Paris, please.", "Paris", "get_time"),
    Task("Which hour is it in New York?", "New_York", "get_time"),
    Task("Convert 26 miles to kilometers.", r"41\.8", "convert_units"),
    Task("How many pounds are 70 kg?", r"154\.3", "convert_units"),
    Task("What is 100 degrees Fahrenheit in Celsius?", r"37\.7", "convert_units"),
    Task("5 feet in centimeters?", r"152\.4", "convert_units"),
    Task("Give me a random number between 1 and 6.", "[1-6]", "random_number"),
    Task("Draw 5 random numbers from 1 to 49.", r"\d+\D+\d+\D+\d+\D+\d+\D+\d+", "random_number"),
    Task("What is the capital of Kenya? Look it up in the almanac.", "nairobi", "almanac"),
    Task("Look up gold in the almanac.", "79|Au", "almanac"),
    Task("Tell me facts about Jupiter.", "jupiter", "almanac"),
    Task("What's the weather like in Berlin?", "", "get_weather"),
    Task("Hello, nice to meet you!", "", NO_CALL),
    Task("Thanks, that was all for today.", "", NO_CALL),
    Task("37 乘以 48 再加 12 等于多少？", r"1,?788", "calculator"),
    Task("帮我算一下 2480 的 15% 是多少", "372", "calculator"),
    Task("(125 - 17) / 4 = ?", alone("27"), "calculator"),
    Task("一本书 12.5 元，买 7 本一共多少钱？", r"87\.5", "calculator"),
    Task("2 的 20 次方是多少？", r"1,?048,?576", "calculator"),
    Task("东京现在几点？", "Tokyo|东京", "get_time"),
    Task("请告诉我伦敦现在的时间。", "London|伦敦", "get_time"),
    Task("纽约现在是什么时候？", "New_York|纽约", "get_time"),
    Task("26 英里是多少公里？", r"41\.8", "convert_units"),
    Task("70 千克等于多少磅？", r"154\.3", "convert_units"),
    Task("把 100 华氏度换算成摄氏度", r"37\.7", "convert_units"),
    Task("3 斤是多少千克？", r"1\.5", "convert_units"),
    Task("给我一个 1 到 6 之间的随机数。", "[1-6]", "random_number"),
    Task("随机抽 5 个 1 到 49 的号码", r"\d+\D+\d+\D+\d+\D+\d+\D+\d+", "random_number"),
    Task("查一下法国的资料。", "巴黎|Paris", "almanac"),
    Task("在年鉴里查一下金元素。", "79|Au", "almanac"),
    Task("木星有哪些数据？", "木星|Jupiter", "almanac"),
    Task("北京今天天气怎么样？", "", "get_weather"),
    Task("你好，很高兴认识你！", "", NO_CALL),
    Task("谢谢，今天就到这里。", "", NO_CALL),
)

CODE = (
    Task("Plot the sine curve from 0 to 10.", FIGURE),
    Task("Draw a heart.", FIGURE),
    Task("Make a bar chart of 3, 7, 5 and 9.", FIGURE),
    Task("Draw a pie chart with the shares 30, 50 and 20.", FIGURE),
    Task("Plot y = x**2 for x from -5 to 5.", FIGURE),
    Task("What is the sum of all primes below 1000?", "76127"),
    Task("Compute the mean of 3, 5, 8 and 12.", alone(r"7(\.0)?")),
    Task("Calculate the factorial of 12.", "479001600"),
    Task("What are the first 10 Fibonacci numbers?", FIBONACCI),
    Task("Solve x**2 - 5*x + 6 = 0.", r"2(\.0)?\D+3|3(\.0)?\D+2"),
    Task("Reverse the word 'sandbox'.", "xobdnas"),
    Task("How many letters has the word 'interpreter'?", alone("11")),
    Task("Sort these numbers: 8, 3, 11, 5.", r"3, 5, 8, 11"),
    Task("What is the greatest common divisor of 84 and 126?", alone("42")),
    Task("Is 997 a prime number?", "true|is prime|is a prime|yes"),
    Task("Calculate 17 * 23 - 5.", alone("386")),
    Task("What is the average of score in the file?", alone(r"79(\.0)?"), file=CSV_EN),
    Task("Plot score by name as a bar chart.", FIGURE, file=CSV_EN),
    Task("Show summary statistics of the file.", "mean", file=CSV_EN),
    Task("Which name has the highest score?", "Clara", file=CSV_EN),
    Task("画出 sin(x) 在 0 到 10 之间的图像。", FIGURE),
    Task("用 Python 画一个爱心。", FIGURE),
    Task("用 3、7、5、9 画一个柱状图。", FIGURE),
    Task("画一个饼图，比例是 30、50 和 20。", FIGURE),
    Task("画出 y = x**2 在 -5 到 5 上的曲线。", FIGURE),
    Task("1000 以内所有质数的和是多少？", "76127"),
    Task("计算 3、5、8、12 的平均值。", alone(r"7(\.0)?")),
    Task("12 的阶乘是多少？", "479001600"),
    Task("列出前 10 个斐波那契数。", FIBONACCI),
    Task("解方程 x**2 - 5*x + 6 = 0", r"2(\.0)?\D+3|3(\.0)?\D+2"),
    Task("把单词 sandbox 倒过来。", "xobdnas"),
    Task("把这些数从小到大排序：8、3、11、5", r"3, 5, 8, 11"),
    Task("84 和 126 的最大公约数是多少？", alone("42")),
    Task("997 是质数吗？", "true|是质数|^是"),
    Task("计算 17 * 23 - 5", alone("386")),
    Task("1 加到 100 的和是多少？", alone("5050")),
    Task("这个文件里成绩的平均值是多少？", alone(r"79(\.0)?"), file=CSV_ZH),
    Task("按姓名画出成绩的柱状图。", FIGURE, file=CSV_ZH),
    Task("给出文件的统计信息。", "mean", file=CSV_ZH),
    Task("成绩最高的姓名是谁？", "李雷", file=CSV_ZH),
)

TASKS: dict[Mode, Sequence[Task]] = {"chat": CHAT, "tool": TOOL, "code": CODE}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task. `seen` is what was judged, in short."""

    task: Task
    right: bool
    seen: str
    seconds: float


def answered(engine: Engine, tools: Sequence[Tool], question: str) -> tuple[Conversation, list[ToolReturned]]:
    """The conversation after the answer, and what its calls gave. A failure ends it early."""
    conversation = Conversation(engine, tools=Toolbox(tools), settings=SETTINGS)
    returned = []
    for event in conversation.send(question):
        if isinstance(event, ToolReturned):
            returned.append(event)
        if isinstance(event, Finished) and conversation.pending is not None:
            break
    return conversation, returned


def chat(engine: Engine, task: Task) -> tuple[bool, str]:
    """Whether the answer says what it should."""
    conversation, _ = answered(engine, (), task.question)
    said = conversation.messages[-1].content
    return bool(re.search(task.right, said, re.IGNORECASE)), said


def tool(engine: Engine, task: Task) -> tuple[bool, str]:
    """Whether the right tool was called first and gave what it should. A call that needs consent counts as made."""
    conversation, returned = answered(engine, BUILT_IN_TOOLS, task.question)
    call = next((message.call for message in conversation.messages if message.call), None)
    if call is None or task.tool == NO_CALL:
        return call is None and task.tool == NO_CALL, conversation.messages[-1].content if call is None else str(call)
    gave = returned[0].result if returned else None
    fits = gave is None or (not gave.is_error and re.search(task.right, gave.text, re.IGNORECASE) is not None)
    seen = f"{call.name}({dict(call.arguments or {})}) -> {gave.text if gave else 'waits for consent'}"
    return call.name == task.tool and fits, seen


def code(engine: Engine, task: Task, host: CodeHost) -> tuple[bool, str]:
    """Whether a cell printed what it should, or showed a figure; repairs count, as a visitor sees them."""
    key = f"task {id(task)}"
    sandbox = host.sandbox(key, key)
    try:
        question = task.question
        if task.file:
            name = sandbox.files.save(task.file[0], task.file[1].encode())
            entry = next(one for one in sandbox.files.entries() if one.path == name)
            question = attachments.note(f"/mnt/data/{describe_file(sandbox.files, entry)}") + "\n" + question
        _, returned = answered(engine, [interpreter_tool(sandbox)], question)
    finally:
        host.forget(key)
    given = [one for one in returned if not one.result.is_error]
    texts = "\n".join(one.result.text for one in given)
    if task.right == FIGURE:
        drawn = any(isinstance(output, ImageOutput) for one in given for output in one.result.outputs)
        return drawn, "a figure" if drawn else texts or "no code, or code that failed"
    return bool(re.search(task.right, texts, re.IGNORECASE)), texts or "no code, or code that failed"


def run(engine: Engine, mode: Mode) -> list[Outcome]:
    """All tasks of one mode, `AT_ONCE` at a time."""
    host = CodeHost().start() if mode == "code" else None
    judges: dict[Mode, Callable[[Task], tuple[bool, str]]] = {
        "chat": lambda task: chat(engine, task),
        "tool": lambda task: tool(engine, task),
        "code": lambda task: code(engine, task, host) if host is not None else (False, ""),
    }

    def timed(task: Task) -> Outcome:
        started = time.perf_counter()
        try:
            right, seen = judges[mode](task)
        except GlmError as error:
            right, seen = False, f"{type(error).__name__}: {error}"
        return Outcome(task, right, " ".join(seen.split())[:110], time.perf_counter() - started)

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(timed, TASKS[mode]))
    finally:
        if host is not None:
            host.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder of a checkpoint (default: the built-in model)")
    parser.add_argument("--mode", choices=list(TASKS), action="append", help="one mode only (default: all)")
    parser.add_argument("--verbose", action="store_true", help="show the right ones too (default: only the others)")
    asked = parser.parse_args()
    engine = load_engine(asked.model)
    print("| mode | English | Chinese |\n|---|---|---|")
    shown = []
    for mode in asked.mode or list(TASKS):
        found = run(engine, mode)
        half = len(found) // 2
        rates = [sum(one.right for one in part) for part in (found[:half], found[half:])]
        print(f"| {mode} | {rates[0]} of {half} | {rates[1]} of {half} |", flush=True)
        shown += [(mode, one) for one in found if asked.verbose or not one.right]
    print()
    for mode, one in shown:
        print(f"{mode} {'right' if one.right else 'WRONG'} {one.seconds:5.1f} s  {one.task.question}\n      {one.seen}")
    engine.close()


if __name__ == "__main__":
    main()
