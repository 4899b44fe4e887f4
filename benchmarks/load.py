"""How the pages serve many visitors at once: a load test over real HTTP and websockets, on this computer.

    python benchmarks/load.py [--page chat composite] [--at-once 1 2 4 8 16] [--rounds 1] [--new 96] [--model scripted]

Starts `web_demo.py` (HTTP and server-sent events) or `composite.py` (a websocket) as a process of its own. Visitors
speak the page's protocol without a browser, which would take the processor that is measured; each has its own cookie
and page. For every number of visitors: each asks its own question at the same moment; then each asks another new one,
one after another; then the first one again with the same seed, in turn too. Times are the visitors': a first token is
the first text of the answer on the page, an end is the page at rest again. "in turn" is the second of the three, which
like the first finds nothing kept of its questions; the third only shows whether answers are the same. "of CPU" is the
ratio of the server's processor seconds per token, which other programs disturb less. Answers are counted in the
model's tokens, from the page's status line.

"failed" counts answers that did not come. "mixed" counts those that are not word for word the same as in turn, or
where anything on the page names what another visitor asked for. Ends with 1 when either is not zero.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psutil
import websockets

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.load_gradio import GradioVisitor  # noqa: E402
from benchmarks.load_streamlit import StreamlitVisitor  # noqa: E402
from glm import SCRIPTED, ScriptedEngine  # noqa: E402
from glm.checkpoint import find_folder, read_config  # noqa: E402
from glm.generations import recognise  # noqa: E402
from glm.messages import Message  # noqa: E402
from glm.prompts.choose import load_prompt  # noqa: E402

PAGES: dict[str, Any] = {"chat": GradioVisitor, "composite": StreamlitVisitor}
START_SECONDS, ANSWER_SECONDS = 600.0, 120.0
WARM_UP = 2
_SYLLABLES = [consonant + vowel for consonant in "bdgklmnprtvz" for vowel in "aeiou"]
_USED = re.compile(r"([\d,]+) / [\d,]+ tokens")


@dataclass
class Answer:
    """What one visitor saw of an answer, with the times at which it grew."""

    name: str
    question: str
    seed: int
    asked: float = 0.0
    pieces: list[tuple[float, str]] = field(default_factory=list)
    ended: float = 0.0
    text: str = ""
    page: str = ""
    failure: str = ""

    def begin(self) -> None:
        """It is asked now."""
        self.asked = time.perf_counter()

    def grew(self, text: str) -> None:
        """The page shows so much of it now."""
        if text and (not self.pieces or text != self.pieces[-1][1]):
            self.pieces.append((time.perf_counter(), text))

    def end(self, text: str, page: str) -> None:
        """It is complete; `page` is all that the page shows."""
        self.ended = time.perf_counter()
        self.text, self.page = text, page
        if not self.pieces:
            raise RuntimeError("the page shows no answer")

    @property
    def first(self) -> float:
        """Seconds to the first text."""
        return self.pieces[0][0] - self.asked

    @property
    def gaps(self) -> list[float]:
        """Seconds from each growth to the next one."""
        return [later - earlier for (earlier, _), (later, _) in pairwise(self.pieces)]

    def names(self, words: Sequence[str]) -> bool:
        """Whether any of `words` was on the page."""
        seen = "\n".join([self.page, *(text for _, text in self.pieces)])
        return any(word in seen for word in words)


@dataclass
class Run:
    """Some answers, with the server's processor seconds and the most memory it had while they were made."""

    answers: list[Answer]
    seconds: float
    tokens: int
    cpu: float
    memory: float

    @property
    def good(self) -> list[Answer]:
        """The answers that came."""
        return [answer for answer in self.answers if not answer.failure]


class Round(NamedTuple):
    """Questions asked `together`, others in `turns`, and the first ones `alone`."""

    together: Run
    turns: Run
    alone: Run


class Server:
    """A web program of the project as a process of its own, on a free port and with an empty data folder."""

    def __init__(self, program: str, model: str | None, folder: Path) -> None:
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = trial.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "log.txt"
        command = [sys.executable, str(ROOT / program), "--port", str(port), "--no-open"]
        command += ["--model", model] if model else []
        variables = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "GLM_DATA": str(folder)}
        with self._log.open("wb") as log:
            self._program = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT)
        self._process = psutil.Process(self._program.pid)

    async def wait(self) -> None:
        """Until its page answers. Raises RuntimeError, with what the program printed, when it ends before."""
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and self._program.poll() is None:
                with contextlib.suppress(httpx2.TransportError):
                    await http.get(self.url)
                    return
                await asyncio.sleep(0.2)
        raise RuntimeError(f"the program did not start; it printed:\n{self._log.read_text(errors='replace')}")

    def cpu_seconds(self) -> float:
        """Of the program and those that it started, which hold the model."""
        return sum(spent.user + spent.system for spent in self.each(psutil.Process.cpu_times))

    def memory(self) -> float:
        """Resident MB of the program and those that it started."""
        return sum(held.rss for held in self.each(psutil.Process.memory_info)) / 1e6

    def each(self, look: Callable[[psutil.Process], Any]) -> Iterator[Any]:
        """What `look` finds at the program and those that it started."""
        for process in (self._process, *self._process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                yield look(process)

    def stop(self) -> int:
        """End it as Ctrl-C would, at the latest by force; returns how many that it started had to be ended then."""
        family = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = self._process.children(recursive=True)
        if self._program.poll() is None:
            self._program.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            try:
                self._program.wait(20)
            except subprocess.TimeoutExpired:
                self._program.kill()
                self._program.wait()
        left = psutil.wait_procs(family, timeout=3)[1]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return len(left)


def questions() -> Iterator[Answer]:
    """Answers to be asked for: questions of 50 to 140 tokens about names that nobody else asks for."""
    chance, used = random.Random(7), set()
    for number in range(1, 1_000_000):
        name = "".join(chance.sample(_SYLLABLES, 4)).capitalize()
        if name in used:
            continue
        used.add(name)
        more = f"Say what {name} sees, hears and thinks on the way. " * (1 + number * 5 % 7)
        yield Answer(
            name, f"{name} is a traveller. Tell me the whole story of {name}, in many sentences. {more}", number
        )


def prompt_counter(model: str | None) -> Callable[[str], int]:
    """How many tokens the prompt with a question has; of a model only the tokenizer is loaded."""
    if model == SCRIPTED:
        engine = ScriptedEngine()
        return lambda question: engine.count_tokens([Message("user", question)])
    folder = find_folder(model, hub="huggingface", revision=None, progress=lambda note, fraction: None)
    config = read_config(folder)
    prompt = load_prompt(folder, config, recognise(folder, config))[1]
    return lambda question: len(prompt.encode([Message("user", question)], ()))


class LoadTest:
    """Visitors of one server, and what is measured of them."""

    def __init__(self, kind: Any, server: Server, new_tokens: int, prompt_tokens: Callable[[str], int]) -> None:
        self._kind = kind
        self._server = server
        self._new_tokens = new_tokens
        self._prompt_tokens = prompt_tokens
        self._questions = questions()
        self.notes: list[str] = []

    async def compare(self, count: int, rounds: int) -> list[Round]:
        """`count` visitors ask at once, then in turn, and in turn what they asked at once; so many times."""
        async with contextlib.AsyncExitStack() as pages:
            visitors = [await pages.enter_async_context(self._kind(self._server.url)) for _ in range(count)]
            await asyncio.gather(*(asyncio.wait_for(visitor.open(), START_SECONDS) for visitor in visitors))
            await asyncio.sleep(self._kind.settle_seconds)
            made = []
            for _ in range(rounds):
                asked, others = ([next(self._questions) for _ in visitors] for _ in range(2))
                again = [Answer(answer.name, answer.question, answer.seed) for answer in asked]
                together = await self._measured(self._at_once(visitors, asked), asked)
                turns, alone = [await self._measured(self._in_turn(visitors, a), a) for a in (others, again)]
                made.append(Round(together, turns, alone))
            return made

    async def _measured(self, work: Any, answers: list[Answer]) -> Run:
        memory, cpu = self._server.memory(), self._server.cpu_seconds()
        working = asyncio.ensure_future(work)
        while not working.done():
            await asyncio.wait([working], timeout=0.5)
            memory = max(memory, self._server.memory())
        seconds = await working
        tokens = sum(self._tokens(answer) for answer in answers if not answer.failure)
        return Run(answers, seconds, tokens, self._server.cpu_seconds() - cpu, memory)

    async def _at_once(self, visitors: Sequence[Any], answers: Sequence[Answer]) -> float:
        """Seconds from the first question to the end of the last answer."""
        await asyncio.gather(*map(self._prepare, visitors, answers))
        began = time.perf_counter()
        await asyncio.gather(*map(self._ask, visitors, answers))
        return max((answer.ended for answer in answers if not answer.failure), default=time.perf_counter()) - began

    async def _in_turn(self, visitors: Sequence[Any], answers: Sequence[Answer]) -> float:
        """Seconds from each question to the end of its answer, all together."""
        for visitor, answer in zip(visitors, answers, strict=True):
            await self._prepare(visitor, answer)
            await self._ask(visitor, answer)
        return sum(answer.ended - answer.asked for answer in answers if not answer.failure)

    async def _prepare(self, visitor: Any, answer: Answer) -> None:
        await self._guarded(visitor.start_new(), answer)

    async def _ask(self, visitor: Any, answer: Answer) -> None:
        settings = {"max_new_tokens": self._new_tokens, "seed": answer.seed}
        if not answer.failure:
            await self._guarded(visitor.ask(answer.question, settings, answer), answer)

    async def _guarded(self, work: Awaitable[None], answer: Answer) -> None:
        """Do it; what goes wrong is a failure of the answer."""
        try:
            await asyncio.wait_for(work, ANSWER_SECONDS)
        except asyncio.TimeoutError:
            answer.failure = f"the page was not done in {ANSWER_SECONDS:.0f} s"
        except (RuntimeError, OSError, websockets.WebSocketException, httpx2.HTTPError) as error:
            answer.failure = f"{type(error).__name__}: {error}"
        if answer.failure:
            self.notes.append(f"{answer.name} failed: {answer.failure}")

    def _tokens(self, answer: Answer) -> int:
        """How many tokens the answer has: those in the context, by the page's status line, less the prompt's."""
        used = _USED.search(answer.page)
        if used is None:
            raise RuntimeError(f"no status line with tokens on the page:\n{answer.page[:2000]}")
        return int(used[1].replace(",", "")) - self._prompt_tokens(answer.question)

    def mixed(self, made: Round) -> int:
        """How many pages showed something else at once than alone, or something of another visitor."""
        count = 0
        for one, other in zip(made.together.answers, made.alone.answers, strict=True):
            if one.failure or other.failure:
                continue
            others = [answer.name for answer in made.together.answers if answer is not one]
            if one.text != other.text or one.names(others) or other.names(others):
                count += 1
                self.notes.append(f"{one.name} mixed:\n  at once: {one.text!r}\n  alone: {other.text!r}")
        return count


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


HEAD = (
    f"{'at once':>7}{'tok/s':>8}{'in turn':>9}{'ratio':>7}{'of CPU':>8}{'first p50':>11}{'p95':>7}{'max':>7}"
    f"{'max/mean':>10}{'gap p95 ms':>12}{'tokens':>8}{'RSS MB':>8}{'failed':>8}{'mixed':>7}"
)


def row(count: int, rounds: Sequence[Round], mixed: int, failed: int) -> str:
    """One line of the table."""
    fast = statistics.median(made.together.tokens / made.together.seconds for made in rounds)
    slow = statistics.median(made.turns.tokens / made.turns.seconds for made in rounds)
    cpu = statistics.median(
        (made.turns.cpu / made.turns.tokens) / (made.together.cpu / made.together.tokens) for made in rounds
    )
    answers = [answer for made in rounds for answer in made.together.good]
    firsts = [answer.first for answer in answers]
    late = max(
        max(answer.first for answer in made.together.good) / statistics.mean(a.first for a in made.together.good)
        for made in rounds
    )
    gaps = [gap for answer in answers for gap in answer.gaps] or [0.0]
    tokens = sum(made.together.tokens for made in rounds) / len(answers)
    memory = max(made.together.memory for made in rounds)
    return (
        f"{count:>7}{fast:>8.1f}{slow:>9.1f}{fast / slow:>7.2f}{cpu:>8.2f}{percentile(firsts, 50):>11.2f}"
        f"{percentile(firsts, 95):>7.2f}{max(firsts):>7.2f}{late:>10.2f}{percentile(gaps, 95) * 1000:>12.0f}"
        f"{tokens:>8.1f}{memory:>8.0f}{failed:>8}{mixed:>7}"
    )


async def measure(page: str, server: Server, args: argparse.Namespace, prompt_tokens: Callable[[str], int]) -> int:
    """Print the table of one page; returns how many answers failed or were mixed."""
    await server.wait()
    kind = PAGES[page]
    test = LoadTest(kind, server, args.new, prompt_tokens)
    await test.compare(WARM_UP, 1)
    print(f"{kind.program}, {args.model or 'the built-in model'}, up to {args.new} new tokens, {args.rounds} round(s)")
    print(HEAD, flush=True)
    bad = 0
    for count in args.at_once:
        began, own = time.perf_counter(), time.process_time()
        rounds = await test.compare(count, args.rounds)
        own = (time.process_time() - own) / (time.perf_counter() - began)
        mixed = sum(map(test.mixed, rounds))
        failed = sum(len(run.answers) - len(run.good) for made in rounds for run in made)
        bad += mixed + failed
        if all(run.good for made in rounds for run in made):
            print(row(count, rounds, mixed, failed), flush=True)
        print("\n".join(test.notes), end="\n" if test.notes else "", flush=True)
        test.notes.clear()
    print(f"The visitors themselves took {own:.0%} of one processor in the last line.")
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", choices=list(PAGES), nargs="+", default=list(PAGES))
    parser.add_argument("--model", help="folder, hub id or scripted; the built-in model if left out")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--new", type=int, default=96, help="most tokens of each answer (default 96)")
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    prompt_tokens = prompt_counter(args.model)
    bad = 0
    for page in args.page:
        with tempfile.TemporaryDirectory(prefix="glm-load-") as folder:
            server = Server(PAGES[page].program, args.model, Path(folder))
            try:
                bad += asyncio.run(measure(page, server, args, prompt_tokens))
            finally:
                server.stop()
    return int(bad > 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends its server too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
