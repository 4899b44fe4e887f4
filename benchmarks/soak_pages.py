"""Whether anything is left behind by many visitors of a running page: memory, threads, connections, processes.

    python benchmarks/soak_pages.py [--page chat composite code] [--requests 1000] [--visitors 8] [--model scripted]

Visitors as in `benchmarks/load.py` open a page, ask a few short questions, and are gone; a fifth of the answers is
stopped, a fifth of the visitors vanishes in the middle of one, without a word. "code" is the page with the code
interpreter, where each answer of the scripted engine runs a cell in a kernel; its visitors come back as themselves.
The state after a tenth of the requests is compared with that at the end; Streamlit keeps 128 closed pages for ten
minutes, three files and about 3 MB each, so that many visits should be in the first tenth. Ends with 1 when a request
failed, when memory has grown by more than 5 %, when there are more threads, files or processes than then, or when a
process is still there after the program was ended.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.load import PAGES, START_SECONDS, Answer, Server  # noqa: E402
from benchmarks.load_streamlit import CodeVisitor  # noqa: E402

KINDS: dict[str, Any] = {**PAGES, "code": CodeVisitor}
QUESTIONS = ("Hello!", "What is the sea?", "Name a fruit.", "你好", "Count to five.", "Why is the sky blue?")
CALLING = ("Use a tool.",)
"""What makes the scripted engine run a cell."""

ANSWER_SECONDS = 120.0
QUIET_SECONDS = 20.0
"""Until what ended visitors had is let go of."""
GROWTH = 1.05


class Short(Answer):
    """One that may have been stopped before a word of it was written."""

    def end(self, text: str, page: str) -> None:
        self.text = text


class Soak:
    """Visitors of one server, until they have made all requests."""

    def __init__(self, kind: Any, server: Server, requests: int, new_tokens: int) -> None:
        self._kind = kind
        self._server = server
        self._requests = requests
        self._new_tokens = new_tokens
        self._random = random.Random(1)
        self._cookies: dict[int, httpx2.Cookies] = {}
        self.asked = 0
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []

    async def run(self, visitors: int, until: int) -> None:
        """Let `visitors` come and go until so many requests were made."""
        await asyncio.gather(*(self._come_and_go(until, number) for number in range(visitors)))

    async def _come_and_go(self, until: int, number: int) -> None:
        while self.asked < until:
            visitor = self._kind(self._server.url)
            if self._kind.comes_back:
                visitor.cookies = self._cookies.setdefault(number, visitor.cookies)
            try:
                await self._visit(until, visitor)
            except (RuntimeError, OSError, asyncio.TimeoutError) as error:
                self.counts["failed"] += 1
                self.notes.append(f"{type(error).__name__}: {error}")

    async def _visit(self, until: int, visitor: Any) -> None:
        async with visitor:
            await asyncio.wait_for(visitor.open(), START_SECONDS)
            self.counts["visits"] += 1
            for _ in range(self._random.randint(1, 6)):
                if self.asked >= until:
                    return
                if self._random.random() < 0.3:
                    await asyncio.wait_for(visitor.start_new(), ANSWER_SECONDS)
                if not await self._ask(visitor):
                    return

    async def _ask(self, visitor: Any) -> bool:
        """One request; False when the visitor has vanished in the middle of it."""
        self.asked += 1
        fate = self._random.choices(("whole", "stopped", "vanished"), (3, 1, 1))[0]
        question = self._random.choice(CALLING if self._kind is CodeVisitor else QUESTIONS)
        answer = Short("", question, self._random.randrange(10**6))
        settings = {"max_new_tokens": self._new_tokens, "seed": answer.seed} if visitor.has_settings else {}
        asking = asyncio.ensure_future(visitor.ask(answer.question, settings, answer))
        if fate != "whole":
            await asyncio.wait([asking], timeout=self._random.uniform(0.02, 1.5))
        if fate == "vanished" and not asking.done():
            asking.cancel()
            await visitor.vanish()
            await asyncio.gather(asking, return_exceptions=True)
            self.counts["vanished"] += 1
            return False
        if fate == "stopped" and not asking.done():
            await visitor.stop()
            self.counts["stopped"] += 1
            await asyncio.wait_for(asking, ANSWER_SECONDS)
            return True
        await asyncio.wait_for(asking, ANSWER_SECONDS)
        self.counts["whole"] += 1
        return True


def state(server: Server) -> dict[str, float]:
    """What the program and those that it started have now."""
    return {
        "MB": server.memory(),
        "threads": sum(server.each(psutil.Process.num_threads)),
        "files": sum(server.each(psutil.Process.num_fds)),
        "processes": len(list(server.each(psutil.Process.ppid))),
    }


async def soak(page: str, args: argparse.Namespace, folder: Path) -> bool:
    """Print what is found; returns whether all is well."""
    kind = KINDS[page]
    server = Server(kind.program, "scripted" if page == "code" else args.model, folder)
    try:
        await server.wait()
        test = Soak(kind, server, args.requests, args.new)
        began = time.perf_counter()
        await test.run(args.visitors, args.requests // 10)
        await asyncio.sleep(QUIET_SECONDS)
        before = state(server)
        await test.run(args.visitors, args.requests)
        seconds = time.perf_counter() - began - QUIET_SECONDS
        await asyncio.sleep(QUIET_SECONDS)
        after = state(server)
    finally:
        left = server.stop()
    counts = ", ".join(f"{count} {name}" for name, count in sorted(test.counts.items()))
    print(f"{kind.program} ({page}): {test.asked} requests in {seconds:.0f} s: {counts}")
    print("  " + ", ".join(f"{name} {before[name]:.0f} -> {after[name]:.0f}" for name in before))
    print(f"  after the end: {left} processes left", *test.notes[:10], sep="\n  ", flush=True)
    grown = after["MB"] > GROWTH * before["MB"] or any(after[n] > before[n] for n in ("threads", "files", "processes"))
    return not (grown or left or test.counts["failed"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", choices=list(KINDS), nargs="+", default=list(KINDS))
    parser.add_argument("--model", help="folder, hub id or scripted; the built-in model if left out")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--new", type=int, default=8, help="longest answer in tokens (default: %(default)s)")
    args = parser.parse_args()
    well = True
    for page in args.page:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            well = asyncio.run(soak(page, args, Path(folder))) and well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
