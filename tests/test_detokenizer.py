"""Streaming text from ids: exact, and never half a character."""

from __future__ import annotations

import random

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from glm.detokenizer import Detokenizer

TEXTS = [
    "plain words, nothing else",
    "你好，世界。ChatGLM 会流式输出！",
    "emoji 👩‍👩‍👧‍👦 and flags 🇨🇳, é and e\u0301",
    "   leading blanks\n\n\ttabs ",
]


@pytest.fixture(scope="module")
def byte_tokenizer() -> Tokenizer:
    """One token per byte, so every character beyond ASCII comes in parts."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={char: index for index, char in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|user|>", special=True)])
    return tokenizer


@pytest.fixture(scope="module")
def sentencepiece_like_tokenizer() -> Tokenizer:
    """Word pieces with U+2581 for blanks and byte fallback, as in ChatGLM's own tokenizers."""
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abcdefghijklmnopqrstuvwxyz,", "▁w", "▁wo"]
    merges = [("▁", "w"), ("▁w", "o")]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


@pytest.mark.parametrize("text", TEXTS)
def test_the_pieces_joined_are_the_whole_text(byte_tokenizer: Tokenizer, text: str) -> None:
    detokenizer = Detokenizer(byte_tokenizer)
    pieces = [detokenizer.feed(token_id) for token_id in byte_tokenizer.encode(text).ids]
    assert "".join(pieces) == text
    assert "\ufffd" not in "".join(pieces)


@pytest.mark.parametrize("text", TEXTS[:3])
def test_byte_fallback_pieces_joined_are_the_whole_text(sentencepiece_like_tokenizer: Tokenizer, text: str) -> None:
    ids = sentencepiece_like_tokenizer.encode(text).ids
    detokenizer = Detokenizer(sentencepiece_like_tokenizer)
    assert "".join(map(detokenizer.feed, ids)) == sentencepiece_like_tokenizer.decode(ids) == text


def test_nothing_is_shown_of_a_character_until_its_last_byte(byte_tokenizer: Tokenizer) -> None:
    detokenizer = Detokenizer(byte_tokenizer)
    assert [detokenizer.feed(token_id) for token_id in byte_tokenizer.encode("好a").ids] == ["", "", "好", "a"]


def test_reset_drops_the_bytes_of_an_unfinished_character(byte_tokenizer: Tokenizer) -> None:
    detokenizer = Detokenizer(byte_tokenizer)
    for token_id in byte_tokenizer.encode("好").ids[:2]:
        detokenizer.feed(token_id)
    detokenizer.reset()
    assert "".join(map(detokenizer.feed, byte_tokenizer.encode("ok").ids)) == "ok"


def test_special_tokens_yield_no_text(byte_tokenizer: Tokenizer) -> None:
    detokenizer = Detokenizer(byte_tokenizer)
    user = byte_tokenizer.token_to_id("<|user|>")
    ids = byte_tokenizer.encode("hi").ids
    assert "".join(map(detokenizer.feed, [ids[0], user, ids[1]])) == "hi"


def test_random_bytes_never_raise(byte_tokenizer: Tokenizer) -> None:
    source = random.Random(7)
    for _ in range(200):
        ids = [source.randrange(256) for _ in range(30)]
        detokenizer = Detokenizer(byte_tokenizer)
        assert byte_tokenizer.decode(ids).startswith("".join(map(detokenizer.feed, ids)))
