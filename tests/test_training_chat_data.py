"""Chat data, the questions for the base model, and the evaluation: deterministic, split cleanly, right language."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from types import SimpleNamespace

import pytest

from glm.events import EngineEvent, Finished, MessageDone
from glm.messages import Message
from glm.training import chat_data, chat_smalltalk, evaluate_chat
from glm.training.dialogue import Dialogue, Split
from glm.training.questions import questions
from glm.training.replay import Answer, read_answers

CJK = re.compile(r"[\u4e00-\u9fff]")


@cache
def dialogues(split: Split, count: int = 2000, seed: int = 3) -> list[Dialogue]:
    return list(islice(chat_data.generate(random.Random(seed), split), count))


def said(found: list[Dialogue], role: str) -> set[str]:
    return {message.content for dialogue in found for message in dialogue.messages if message.role == role}


def test_the_same_seed_gives_the_same_dialogues() -> None:
    again = list(islice(chat_data.generate(random.Random(3), "train"), 200))
    assert dialogues("train", 200) == again
    assert dialogues("train", 200) != dialogues("train", 200, seed=4)


def test_no_held_out_request_occurs_in_training() -> None:
    assert not said(dialogues("train"), "user") & said(dialogues("heldout"), "user")


def test_every_kind_occurs_in_both_splits() -> None:
    for split in ("train", "heldout"):
        assert {dialogue.kind for dialogue in dialogues(split)} == set(chat_data.SHARES)


def test_a_dialogue_alternates_and_ends_with_the_assistant() -> None:
    for dialogue in dialogues("train") + dialogues("heldout"):
        roles = [message.role for message in dialogue.messages if message.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2) and roles


def test_no_message_is_empty_and_no_slot_is_left_open() -> None:
    for text in said(dialogues("train"), "user") | said(dialogues("train"), "assistant"):
        assert text.strip() == text and text
        assert not re.search(r"[{}]|\\n", text)


def test_nothing_is_said_twice_in_one_dialogue() -> None:
    for dialogue in dialogues("train", 6000):
        texts = [message.content for message in dialogue.messages]
        assert len(set(texts)) == len(texts), texts


def test_the_answer_is_in_the_language_of_the_request() -> None:
    for dialogue in dialogues("train") + dialogues("heldout"):
        turns = [message for message in dialogue.messages if message.role != "system"]
        for request, answer in zip(turns[::2], turns[1::2], strict=True):
            assert bool(CJK.search(request.content)) == bool(CJK.search(answer.content)), (request, answer)


def test_the_model_stays_honest_under_the_system_prompt_of_chatglm3() -> None:
    under = [d for d in dialogues("train") if d.messages[0].content == chat_data.CHATGLM3_SYSTEM]
    identity = [d.messages[-1].content for d in under if d.kind == "chat_identity"]
    assert len(identity) > 50
    assert all(evaluate_chat.is_honest(answer) for answer in identity)


def test_the_question_of_the_readme_is_trained_word_for_word() -> None:
    asked = [d.messages[-2].content for d in dialogues("train") if d.kind == "chat_sleep"]
    assert chat_smalltalk.SLEEP_QUESTION in asked
    assert all(evaluate_chat.is_numbered_list(text) for text in chat_smalltalk.SLEEP_REPLIES["zh"])


def test_a_recalled_name_was_told_before() -> None:
    recalled = [d for d in dialogues("train") if d.kind == "chat_multi" and d.expected]
    assert len(recalled) > 50
    for dialogue in recalled:
        first = next(message for message in dialogue.messages if message.role == "user")
        assert dialogue.expected in first.content and dialogue.expected in dialogue.messages[-1].content


def test_the_questions_are_many_distinct_and_split() -> None:
    train, held_out = (list(questions(random.Random(0), split)) for split in ("train", "heldout"))
    assert len(set(train)) == len(train) >= 1500
    assert len(held_out) >= 100
    assert not set(train) & set(held_out)
    assert train == list(questions(random.Random(0), "train"))


def test_stored_answers_are_read_back(tmp_path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"question": "Why?", "answer": "Because.", "cut": false}\n\n', encoding="utf-8")
    assert read_answers(file) == [Answer("Why?", "Because.", cut=False)]


class Parrot:
    """An engine that says the same to everyone."""

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, messages: Sequence[Message], **_: object) -> Iterator[EngineEvent]:
        assert messages[-1].role == "user"
        yield MessageDone(Message("assistant", self.text, finish="stop"))
        yield Finished("stop")


@pytest.mark.parametrize(
    ("text", "honest", "declined"),
    [
        ("I am ChatGLM3, a large model.", 0, 0),
        ("抱歉，我是小模型，请用 --model 加载 ChatGLM3-6B。", 5, 5),
    ],
)
def test_the_evaluation_counts_what_an_answer_says(text: str, honest: int, declined: int) -> None:
    rows = evaluate_chat.evaluate(Parrot(text), count=5, seed=1, workers=2)  # type: ignore[arg-type]
    assert sum(row.right for row in rows if row.metric == "says honestly what it is") == honest
    assert sum(row.right for row in rows if row.metric == "declines hard Chinese") == declined
    assert sum(row.total for row in rows if row.metric == "answers in the language") == 5 * 5 + 2


class Letters:
    """A prompt format over character codes, enough to measure perplexity."""

    def __init__(self) -> None:
        self.tokenizer = SimpleNamespace(encode=lambda text: [ord(letter) % 100 for letter in text])

    def encode(self, messages: Sequence[Message]) -> list[int]:
        return [index for index, _ in enumerate(messages)]

    def header_ids(self, header: str) -> list[int]:
        return [0]


class Certain:
    """A model that gives the right next letter probability `p` and shares the rest evenly."""

    def __init__(self, p: float) -> None:
        self.p = p

    def __call__(self, ids, logits_to_keep: int):
        import torch

        following = torch.roll(ids, -1, dims=1)
        scores = torch.full((*ids.shape, 100), math.log((1 - self.p) / 99))
        scores.scatter_(2, following[..., None], math.log(self.p))
        return SimpleNamespace(logits=scores[:, -logits_to_keep:])


def test_perplexity_is_the_inverse_of_the_probability_of_the_answer() -> None:
    chats = [[("What?", "That."), ("Who?", "Me.")], [("Why?", "Because.")]]
    result = evaluate_chat.perplexity(Certain(0.5), Certain(0.25), Letters(), chats, name="x")  # type: ignore[arg-type]
    assert result.base == pytest.approx(2.0, rel=1e-4)
    assert result.tuned == pytest.approx(4.0, rel=1e-4)
    assert result.ratio == pytest.approx(2.0, rel=1e-4)
    assert result.tokens == len("That.Me.Because.")
