"""Steps: every message is shown once, and an answer beside the call that it answers."""

from __future__ import annotations

from apps.steps import Called, Said, steps
from glm.messages import Message

QUESTION = Message("user", "?")
ANSWER = Message("assistant", "42")
A, B = (Message("assistant", "tool_call()", name) for name in "ab")
X, Y = (Message("observation", text) for text in "xy")


def test_a_call_and_its_answer_are_one_step() -> None:
    assert steps([QUESTION, A, X, ANSWER]) == [Said(0, QUESTION), Called(1, A, 2, X), Said(3, ANSWER)]


def test_calls_of_one_turn_get_their_answers_in_order() -> None:
    assert steps([QUESTION, A, B, X, Y]) == [Said(0, QUESTION), Called(1, A, 3, X), Called(2, B, 4, Y)]


def test_a_call_that_nobody_answered_stays_open() -> None:
    assert steps([A, B, X]) == [Called(0, A, 2, X), Called(1, B)]


def test_text_before_a_call_is_a_step_of_its_own() -> None:
    assert steps([ANSWER, A, X]) == [Said(0, ANSWER), Called(1, A, 2, X)]


def test_a_later_answer_does_not_go_to_a_call_from_before_a_question() -> None:
    assert steps([A, QUESTION, B, X]) == [Called(0, A), Said(1, QUESTION), Called(2, B, 3, X)]
