"""Chat data: who the built-in model is, small talk, and honest answers in Chinese.

`generate` is endless and deterministic. Phrasings are split by their place in the tables
(`glm.training.chat_phrases`, `chat_smalltalk`, `chat_chinese`): every fifth belongs to "heldout".
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from glm.messages import Message
from glm.training import chat_chinese as chinese
from glm.training import chat_phrases as phrases
from glm.training import chat_smalltalk as smalltalk
from glm.training.chat_phrases import Topic
from glm.training.dialogue import Dialogue, Language, Split

Item = TypeVar("Item")
Turn = tuple[str, str]
"""What the user says, and the answer."""


class Chat(NamedTuple):
    """A dialogue before it gets its system message; `expected` is what the last answer must contain."""

    language: Language
    turns: list[Turn]
    expected: str = ""


HELD_OUT_EVERY = 5

_REQUESTS = ("把", "请", "说", "举", "列", "数", "从")
"""How the easy Chinese questions begin that are requests and end without a question mark."""

CHATGLM3_SYSTEM = (
    "You are ChatGLM3, a large language model trained by Zhipu.AI. Follow the user's instructions carefully. "
    "Respond using markdown."
)

SHARES = {
    "chat_identity": 0.27,
    "chat_greeting": 0.07,
    "chat_smalltalk": 0.20,
    "chat_sleep": 0.07,
    "chat_zh_outside": 0.18,
    "chat_zh_basic": 0.07,
    "chat_multi": 0.14,
}
"""Part of each kind, counted in dialogues."""


def generate(rng: random.Random, split: Split) -> Iterator[Dialogue]:
    """Endless chat dialogues of the kinds in `SHARES`, without tools."""
    kinds, weights = list(SHARES), list(SHARES.values())
    while True:
        yield make_dialogue(rng, split, rng.choices(kinds, weights)[0])


def make_dialogue(rng: random.Random, split: Split, kind: str) -> Dialogue:
    """One dialogue of `kind`."""
    chat = _MAKERS[kind](rng, split)
    system = _system(rng)
    messages = [Message("system", system)] if system else []
    for ask, reply in chat.turns:
        messages += [Message("user", ask), Message("assistant", reply)]
    return Dialogue(kind, chat.language, tuple(messages), expected=chat.expected)


def of_split(items: Sequence[Item], split: Split) -> list[Item]:
    """The items of `split`, shared out by their place in the list."""
    held_out = split == "heldout"
    return [item for i, item in enumerate(items) if (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out]


def _system(rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.60:
        return ""
    if drawn < 0.85:
        return CHATGLM3_SYSTEM
    return rng.choice(phrases.OTHER_SYSTEMS[rng.choice(("en", "zh"))])


@cache
def _split_topics(topics: tuple[Topic, ...], split: Split) -> tuple[tuple[Topic, list[str], list[str]], ...]:
    """Every topic with its questions of `split` and its answers (answers are shared by both splits)."""
    return tuple((t, of_split(t.asks.split("\n"), split), t.replies.split("\n")) for t in topics)


def _topic_turn(rng: random.Random, split: Split, topics: tuple[Topic, ...], language: Language) -> Turn:
    fitting = [entry for entry in _split_topics(topics, split) if entry[0].language == language]
    _, asks, replies = rng.choice(fitting)
    return rng.choice(asks), rng.choice(replies)


def _language(rng: random.Random) -> Language:
    return "zh" if rng.random() < 0.45 else "en"


def _typed(rng: random.Random, text: str) -> str:
    """The way people type: sometimes without the last mark, sometimes all in lower case."""
    if rng.random() < 0.15:
        text = text.rstrip("?？。.!！")
    if text.isascii() and rng.random() < 0.1:
        text = text.lower()
    return text


def _one(kind: str, topics: tuple[Topic, ...]) -> Callable[[random.Random, Split], Chat]:
    def make(rng: random.Random, split: Split) -> Chat:
        language = _language(rng)
        turns = [_turn(rng, split, kind, topics, language)]
        if kind == "chat_smalltalk" and rng.random() < 0.4:
            _append(turns, _turn(rng, split, kind, topics, language))
        return Chat(language, turns)

    return make


def _turn(rng: random.Random, split: Split, kind: str, topics: tuple[Topic, ...], language: Language) -> Turn:
    ask, reply = _topic_turn(rng, split, topics, language)
    if kind == "chat_identity":
        opening = rng.choice(phrases.IDENTITY_OPENINGS[language])
        closing = rng.choice(phrases.IDENTITY_CLOSINGS[language])
        if opening and language == "en" and opening.endswith((", ", ": ")):
            ask = _after_comma(ask)
        return _typed(rng, opening + ask + closing), reply
    return _typed(rng, ask), reply


def _after_comma(sentence: str) -> str:
    """The sentence as it goes on after a comma: a lower-case first word unless it is "I" or a name."""
    first = sentence.split()[0]
    return sentence if first == "I" else sentence[0].lower() + sentence[1:]


def _append(turns: list[Turn], turn: Turn) -> None:
    """Add a turn unless its question or its answer was already given."""
    if all(turn[0] != ask and turn[1] != reply for ask, reply in turns):
        turns.append(turn)


def _sleep(rng: random.Random, split: Split) -> Chat:
    language: Language = "en" if rng.random() < 0.2 else "zh"
    if language == "zh" and split == "train" and rng.random() < 0.4:
        ask = smalltalk.SLEEP_QUESTION + rng.choice(("", "", "", "？", "?"))
    else:
        ask = _typed(rng, rng.choice(_sleep_asks(language, split)))
    turns = []
    if rng.random() < 0.25:
        turns.append(_turn(rng, split, "chat_greeting", phrases.GREETINGS, language))
    return Chat(language, [*turns, (ask, rng.choice(smalltalk.SLEEP_REPLIES[language]))])


@cache
def _sleep_asks(language: Language, split: Split) -> list[str]:
    asks = of_split(smalltalk.SLEEP_ASKS[language].split("\n"), split)
    return [ask for ask in asks if split == "train" or _bare(ask) != _bare(smalltalk.SLEEP_QUESTION)]


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)


@cache
def _basics(split: Split) -> list[tuple[list[str], str]]:
    """Questions and answer; the third way to ask of every second fact is held out."""
    facts = []
    for number, line in enumerate(chinese.BASIC.split("\n")):
        # The answer may hold an "=" itself ("1+1=2"), the questions never do.
        asks, _, answer = line.partition("=")
        ways = asks.split("|")
        if split == "train":
            facts.append((ways if number % 2 else ways[:2], answer))
        elif number % 2 == 0:
            facts.append((ways[2:], answer))
    return facts


def _zh_basic(rng: random.Random, split: Split) -> Chat:
    turns: list[Turn] = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        asks, answer = rng.choice(_basics(split))
        ask = rng.choice(asks)
        marks = ("。", "") if ask.startswith(_REQUESTS) else ("？", "？", "?", "")
        _append(turns, (ask + rng.choice(marks), answer))
    return Chat("zh", turns, expected=turns[-1][1])


@cache
def _outside_templates(split: Split) -> list[str]:
    return of_split(chinese.OUTSIDE.split("\n"), split)


@cache
def _slot_values(slot: str, split: Split) -> list[str]:
    return of_split(chinese.SLOTS[slot].split(), split)


def _outside_turn(rng: random.Random, split: Split) -> Turn:
    template = rng.choice(_outside_templates(split))
    slot = re.search(r"\{(\w+)\}", template)
    topic = rng.choice(_slot_values(slot[1], split)) if slot else ""
    ask = _typed(rng, re.sub(r"\{\w+\}", topic, template))
    if rng.random() < 0.15:
        ask = rng.choice(("请问", "你好，", "我想问一下，")) + ask
    copied = topic and slot and slot[1] not in ("sentence", "gift", "theorem") and rng.random() < 0.3
    pool = chinese.OUTSIDE_TOPIC_REPLIES if copied else chinese.OUTSIDE_REPLIES
    return ask, rng.choice(pool.split("\n")).format(topic=topic)


def _outside(rng: random.Random, split: Split) -> Chat:
    turns = [_outside_turn(rng, split)]
    if rng.random() < 0.12:
        asks = of_split(chinese.OUTSIDE_AGAIN.split("\n"), split)
        _append(turns, (rng.choice(asks), rng.choice(chinese.OUTSIDE_AGAIN_REPLIES.split("\n"))))
    return Chat("zh", turns)


def _recall(rng: random.Random, split: Split, language: Language) -> tuple[Turn, Turn, str]:
    """The user tells a name or a liking, and later asks for it: both turns and the thing told."""
    if rng.random() < 0.6:
        value = rng.choice(of_split(phrases.NAMES[language], split))
        slot, asks, replies = "name", phrases.NAME_ASKS, phrases.NAME_REPLIES
        recalls, answers = phrases.NAME_RECALLS, phrases.NAME_RECALL_REPLIES
    else:
        value = rng.choice(of_split(phrases.LIKES[language], split))
        slot, asks, replies = "like", phrases.LIKE_ASKS, phrases.LIKE_REPLIES
        recalls, answers = phrases.LIKE_RECALLS, phrases.LIKE_RECALL_REPLIES
    told, asked = rng.choice(of_split(asks[language], split)), rng.choice(of_split(recalls[language], split))
    fill = {slot: value}
    return (
        (told.format(**fill), rng.choice(replies[language]).format(**fill)),
        (asked, rng.choice(answers[language]).format(**fill)),
        value,
    )


def _middle_turn(rng: random.Random, split: Split, language: Language) -> Turn:
    drawn = rng.random()
    if language == "zh" and drawn < 0.2:
        return _outside_turn(rng, split)
    if language == "zh" and drawn < 0.4:
        return _zh_basic(rng, split).turns[0]
    if drawn < 0.65:
        return _turn(rng, split, "chat_smalltalk", smalltalk.SMALLTALK, language)
    return _turn(rng, split, "chat_identity", phrases.IDENTITY, language)


def _multi(rng: random.Random, split: Split) -> Chat:
    """Two to four turns: something told and recalled later, or any mixture of the single turns."""
    language = _language(rng)
    if rng.random() < 0.55:
        told, recalled, value = _recall(rng, split, language)
        turns = [told]
        for _ in range(rng.choice((0, 1, 1, 2))):
            _append(turns, _middle_turn(rng, split, language))
        return Chat(language, [*turns, recalled], expected=value)
    turns = [_turn(rng, split, "chat_greeting", phrases.GREETINGS, language)]
    while len(turns) < 2 or (len(turns) < 4 and rng.random() < 0.5):
        # Now and then people switch the language; the answer follows the question.
        switched: Language = "en" if language == "zh" else "zh"
        _append(turns, _middle_turn(rng, split, switched if rng.random() < 0.1 else language))
    return Chat(language, turns)


_MAKERS: dict[str, Callable[[random.Random, Split], Chat]] = {
    "chat_identity": _one("chat_identity", phrases.IDENTITY),
    "chat_greeting": _one("chat_greeting", phrases.GREETINGS),
    "chat_smalltalk": _one("chat_smalltalk", smalltalk.SMALLTALK),
    "chat_sleep": _sleep,
    "chat_zh_outside": _outside,
    "chat_zh_basic": _zh_basic,
    "chat_multi": _multi,
}
