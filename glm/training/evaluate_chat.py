"""Evaluation of chat: honest identity, honest limits in Chinese, and the price in plain English.

`evaluate` asks held-out dialogues through an engine. `perplexity` compares the tuned model
with its base on English answers, every model in its own prompt format and only the tokens of
the answers counted, which are the same for both.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm.engine import Engine
from glm.events import MessageDone
from glm.messages import Message
from glm.settings import GenerationSettings
from glm.training.chat_data import make_dialogue
from glm.training.chat_smalltalk import SLEEP_QUESTION
from glm.training.dialogue import Dialogue, Language
from glm.training.english_chat import ENGLISH_CHAT
from glm.training.replay import DEFAULT_SYSTEM, read_answers
from glm.training.report import Row

if TYPE_CHECKING:
    from glm.prompts.chatglm3 import ChatGLM3Format

_GREEDY = GenerationSettings(temperature=0.0, max_new_tokens=160)
_CJK = re.compile(r"[\u4e00-\u9fff]")

_IM_START, _IM_END = 1, 2
"""Ids of ChatML's markers in the base model's vocabulary (SmolLM2)."""

Turns = Sequence[tuple[str, str]]
"""Questions and their answers."""


@dataclass(frozen=True, slots=True)
class Case:
    """A dialogue and what must hold for the answer to its last request."""

    metric: str
    dialogue: Dialogue
    holds: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Perplexity:
    """Mean token perplexity of the same answers under both models."""

    name: str
    base: float
    tuned: float
    tokens: int

    @property
    def ratio(self) -> float:
        """Tuned over base: 1.0 means that nothing was lost, 1.2 that a token became 20 % less expected."""
        return self.tuned / self.base


def evaluate(engine: Engine, *, count: int, seed: int, workers: int = 8) -> list[Row]:
    """Rates over `count` held-out dialogues of each kind, asked greedily."""
    found = list(cases(random.Random(seed), count))
    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(lambda case: ask(engine, case.dialogue), found))
    tally: dict[tuple[str, Language], list[int]] = {}
    for case, text in zip(found, answers, strict=True):
        language = case.dialogue.language
        for metric, right in (
            (case.metric, case.holds(text)),
            ("answers in the language", in_language(text, language)),
        ):
            entry = tally.setdefault((metric, language), [0, 0])
            entry[0] += right
            entry[1] += 1
    return [Row(metric, language, right, total) for (metric, language), (right, total) in sorted(tally.items())]


def cases(rng: random.Random, count: int) -> Iterator[Case]:
    """`count` cases of each kind, and the sleep question with and without ChatGLM3's system prompt."""
    for _ in range(count):
        yield Case("says honestly what it is", make_dialogue(rng, "heldout", "chat_identity"), is_honest)
        yield Case("declines hard Chinese", make_dialogue(rng, "heldout", "chat_zh_outside"), points_to_chatglm)
        easy = make_dialogue(rng, "heldout", "chat_zh_basic")
        yield Case("easy Chinese question right", easy, _equals(easy.expected))
        yield Case("small talk is answered", make_dialogue(rng, "heldout", "chat_smalltalk"), lambda text: bool(text))
        told = make_dialogue(rng, "heldout", "chat_multi")
        while not told.expected:
            told = make_dialogue(rng, "heldout", "chat_multi")
        yield Case("recalls what was told", told, _contains(told.expected))
    reply = Message("assistant", "")
    for question in (SLEEP_QUESTION, SLEEP_QUESTION + "？"):
        asked = Dialogue("chat_sleep", "zh", (Message("user", question), reply))
        yield Case("sleep question gets a list", asked, is_numbered_list)


def ask(engine: Engine, dialogue: Dialogue) -> str:
    """The engine's answer where the dialogue's last assistant message stands."""
    events = engine.stream(dialogue.messages[:-1], settings=_GREEDY)
    return "\n".join(event.message.content for event in events if isinstance(event, MessageDone))


def is_honest(text: str) -> bool:
    """Whether an answer about the model names it, its size, its origin or its limits."""
    marks = r"GLM-tiny|135 million|1\.35 亿|small (local |language )?model|小模型|小语言模型|演示|ChatGLM3-6B|computer|internet|program|电脑|联网|本地|程序"
    return bool(re.search(marks, text)) and not re.search(r"I am ChatGLM|我是 ?ChatGLM|SmolLM, ", text)


def points_to_chatglm(text: str) -> bool:
    """Whether the answer tells that ChatGLM3-6B can be loaded."""
    return "ChatGLM3-6B" in text and "--model" in text


def is_numbered_list(text: str) -> bool:
    """Whether the answer has at least three numbered lines in Chinese."""
    return len(re.findall(r"^\d\. ?[\u4e00-\u9fff]", text, re.MULTILINE)) >= 3


def in_language(text: str, language: Language) -> bool:
    """Whether `text` is Chinese or, for "en", free of Chinese characters."""
    return bool(_CJK.search(text)) if language == "zh" else bool(text.strip()) and not _CJK.search(text)


def _equals(expected: str) -> Callable[[str], bool]:
    return lambda text: text.strip() == expected


def _contains(expected: str) -> Callable[[str], bool]:
    return lambda text: expected in text


def perplexity(
    base: Any, tuned: Any, fmt: ChatGLM3Format, chats: Sequence[Turns], *, name: str, system: str = DEFAULT_SYSTEM
) -> Perplexity:
    """Perplexity of the answers in `chats` under `base` in ChatML and under `tuned` in ChatGLM3's format.

    Both are causal language models with the vocabulary of `fmt`. The base gets `system`, the
    prompt it was trained with, the tuned model none. Ends of turns are not counted.
    """
    totals, tokens = [0.0, 0.0], 0
    for turns in chats:
        for last, (_, answer) in enumerate(turns):
            ids = fmt.tokenizer.encode(answer)
            prompts = chatml_ids(fmt, turns[: last + 1], system), chatglm3_ids(fmt, turns[: last + 1])
            for i, (model, prompt) in enumerate(zip((base, tuned), prompts, strict=True)):
                totals[i] += answer_loss(model, prompt, ids)
            tokens += len(ids)
    base_value, tuned_value = (math.exp(total / tokens) for total in totals)
    return Perplexity(name, base_value, tuned_value, tokens)


def chatml_ids(fmt: ChatGLM3Format, turns: Turns, system: str) -> list[int]:
    """Prompt ids in the base model's ChatML, up to where the last answer begins."""
    encode = fmt.tokenizer.encode
    said = [("system", system)] if system else []
    for question, answer in turns:
        said += [("user", question), ("assistant", answer)]
    ids: list[int] = []
    for role, text in said[:-1]:
        ids += [_IM_START, *encode(f"{role}\n{text}"), _IM_END, *encode("\n")]
    return [*ids, _IM_START, *encode("assistant\n")]


def chatglm3_ids(fmt: ChatGLM3Format, turns: Turns) -> list[int]:
    """Prompt ids in ChatGLM3's format, up to where the last answer begins."""
    messages: list[Message] = []
    for question, answer in turns:
        messages += [Message("user", question), Message("assistant", answer)]
    return [*fmt.encode(messages[:-1]), *fmt.header_ids("")]


def answer_loss(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> float:
    """Summed negative log-likelihood (nats) of the ids `answer` after the ids `prompt`."""
    import torch

    ids = torch.tensor([[*prompt, *answer]])
    with torch.inference_mode():
        logits = model(ids, logits_to_keep=len(answer) + 1).logits[0, :-1].float()
    return float(torch.nn.functional.cross_entropy(logits, torch.tensor(list(answer)), reduction="sum"))


def compare(base: Any, tuned: Any, fmt: ChatGLM3Format, held_out: Path | None) -> list[Perplexity]:
    """Perplexities on the hand-written English and, if the file is given, on held-out answers of the base."""
    results = [perplexity(base, tuned, fmt, ENGLISH_CHAT, name="hand-written English")]
    if held_out:
        # Half of them were given under the default system prompt, half under none.
        own = read_answers(held_out)
        parts = [
            (s, [[(a.question, a.answer)] for a in own if bool(a.system) == bool(s)]) for s in (DEFAULT_SYSTEM, "")
        ]
        measured = [perplexity(base, tuned, fmt, chats, name="", system=s) for s, chats in parts if chats]
        tokens = sum(m.tokens for m in measured)
        base_mean = math.exp(sum(math.log(m.base) * m.tokens for m in measured) / tokens)
        tuned_mean = math.exp(sum(math.log(m.tuned) * m.tokens for m in measured) / tokens)
        results.append(Perplexity("the base model's own answers", base_mean, tuned_mean, tokens))
    return results


def main() -> None:
    """Compare two checkpoint folders: `python -m glm.training.evaluate_chat --base FOLDER --tuned FOLDER`."""
    parser = argparse.ArgumentParser(prog="python -m glm.training.evaluate_chat", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the base model as a GLM folder")
    parser.add_argument("--tuned", type=Path, required=True, help="the tuned model: a GLM folder or a peft adapter")
    parser.add_argument("--held-out", type=Path, help="answers of the base model (glm.training.replay, heldout)")
    options = parser.parse_args()

    base, tuned, fmt = load_pair(options.base, options.tuned)
    for result in compare(base, tuned, fmt, options.held_out):
        print(
            f"{result.name}: base {result.base:.2f}, tuned {result.tuned:.2f}, ratio {result.ratio:.3f} "
            f"({result.tokens} tokens)"
        )


def load_pair(base_folder: Path, tuned_folder: Path) -> tuple[Any, Any, ChatGLM3Format]:
    """Base and tuned model (fp32) and their prompt format; `tuned_folder` is a whole model or a peft adapter."""
    import torch
    from transformers import GlmForCausalLM

    from glm.prompts.chatglm3 import ChatGLM3Format
    from glm.tokenizer import Tokenizer

    def load(folder: Path) -> Any:
        return GlmForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()

    if (tuned_folder / "adapter_config.json").is_file():
        from peft import PeftModel

        tuned = PeftModel.from_pretrained(load(base_folder), tuned_folder).eval()
    else:
        tuned = load(tuned_folder)
    return load(base_folder), tuned, ChatGLM3Format(Tokenizer.from_folder(base_folder))


if __name__ == "__main__":
    main()
