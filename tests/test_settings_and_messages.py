"""The values: settings checked once, messages that compare by content, errors that say the next step."""

from __future__ import annotations

import math
from typing import Any

import pytest

from glm.errors import ContextOverflowError, GlmError, SettingsError
from glm.events import Finished
from glm.messages import Message
from glm.settings import RANGES, GenerationSettings


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"temperature": 3.5}, "temperature must be between 0 and 2, got 3.5"),
        ({"temperature": -0.1}, "temperature must be between 0 and 2, got -0.1"),
        ({"temperature": math.nan}, "temperature must be a number, got nan"),
        ({"temperature": math.inf}, "temperature must be a number, got inf"),
        ({"temperature": "1"}, "temperature must be a number, got '1'"),
        ({"temperature": True}, "temperature must be a number, got True"),
        ({"top_p": 0}, "top_p must be between 0.01 and 1, got 0"),
        ({"top_k": 1.5}, "top_k must be a whole number, got 1.5"),
        ({"top_k": None}, "top_k must be a whole number, got None"),
        ({"max_new_tokens": 0}, "max_new_tokens must be between 1 and 131072, got 0"),
        ({"repetition_penalty": 0.4}, "repetition_penalty must be between 0.5 and 2, got 0.4"),
        ({"seed": "x"}, "seed must be a whole number, got 'x'"),
    ],
)
def test_a_bad_setting_is_named_with_its_value_and_range(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        GenerationSettings(**values)
    assert str(caught.value) == sentence


def test_the_ends_of_every_range_are_allowed() -> None:
    for name, limits in RANGES.items():
        for value in (limits.low, limits.high):
            assert getattr(GenerationSettings(**{name: value}), name) == value


def test_a_misspelt_setting_is_refused_with_the_known_names() -> None:
    with pytest.raises(SettingsError) as caught:
        GenerationSettings.from_mapping({"max_new_token": 5})
    assert str(caught.value) == (
        "unknown setting 'max_new_token'; known are constrain_calls, max_new_tokens, repetition_penalty, seed, "
        "temperature, top_k, top_p"
    )


def test_settings_survive_a_round_trip_through_a_mapping() -> None:
    settings = GenerationSettings(temperature=0.0, seed=7, top_k=0)
    assert GenerationSettings.from_mapping(settings.to_dict()) == settings


def test_two_messages_with_identical_content_are_equal() -> None:
    assert Message("user", "Hi") == Message("user", "Hi")
    assert Message("user", "Hi") != Message("user", "Hi", header="x")


def test_a_message_with_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="role must be one of system, user, assistant, observation, got 'tool'"):
        Message("tool", "x")  # type: ignore[arg-type]


def test_a_header_is_one_line() -> None:
    with pytest.raises(ValueError, match="a message header is one line"):
        Message("assistant", "x", header="a\nb")


def test_an_overflow_says_by_how_much_and_what_to_do() -> None:
    error = ContextOverflowError(prompt_tokens=120, context_length=100)
    assert error.over == 21
    assert str(error) == (
        "the conversation is 120 tokens long and the model reads at most 100, so it is 21 tokens too long; "
        "remove earlier turns, shorten the message or clear the chat"
    )
    assert isinstance(error, GlmError)


def test_decode_speed_does_not_count_the_first_token() -> None:
    finished = Finished("stop", prompt_tokens=10, completion_tokens=11, first_token_seconds=5.0, decode_seconds=2.0)
    assert finished.tokens_per_second == 5.0
    assert finished.context_tokens == 21


def test_decode_speed_of_nothing_is_zero() -> None:
    assert Finished("cancelled").tokens_per_second == 0.0
