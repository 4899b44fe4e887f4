"""What is kept of finished rows, and how memory is divided: without a model."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
import torch

from glm import prefix_cache
from glm.cache_budget import CacheBudget, cache_budget
from glm.prefix_cache import KeptRow, PrefixCache, common_length
from glm.slot_cache import SlotCache, Window

BYTES = 2 * 2 * 3 * 4
"""Of a token in `kept`: keys and values, two heads, three numbers of four bytes."""


def kept(ids: list[int]) -> KeptRow:
    return KeptRow(ids, [(torch.zeros(1, 2, len(ids), 3), torch.zeros(1, 2, len(ids), 3)), None])


def test_the_common_beginning_is_that_of_a_plain_loop() -> None:
    chance = random.Random(0)
    for _ in range(300):
        first = [chance.randint(0, 3) for _ in range(chance.randint(0, 40))]
        second = first[: chance.randint(0, 40)] + [chance.randint(0, 3) for _ in range(chance.randint(0, 5))]
        slow = 0
        while slow < min(len(first), len(second)) and first[slow] == second[slow]:
            slow += 1
        assert common_length(first, second) == slow


def test_the_row_with_the_longest_common_beginning_is_found() -> None:
    cache, rows = PrefixCache(), [kept([1, 2, 3]), kept([1, 2, 9, 9]), kept([5, 5])]
    for row in rows:
        cache.add(row)
    assert cache.longest([1, 2, 9, 4]) == (rows[1], 3)
    assert cache.longest([7]) == (None, 0)


def test_a_longer_row_replaces_the_rows_that_it_continues() -> None:
    cache = PrefixCache()
    for ids in ([1, 2], [1, 3], [1, 2, 4]):
        cache.add(kept(ids))
    assert len(cache) == 2 and cache.nbytes == 5 * BYTES
    assert cache.covers([1, 2]) and not cache.covers([1, 2, 4, 5])


def test_the_row_used_the_longest_ago_goes_first() -> None:
    cache, rows = PrefixCache(), [kept([1, 1]), kept([2, 2]), kept([3, 3])]
    for row in rows:
        cache.add(row)
    cache.use(rows[0])
    cache.shrink(5 * BYTES)
    assert cache.longest([2, 2]) == (None, 0)
    assert cache.longest([1, 1]) == (rows[0], 2) and cache.longest([3, 3]) == (rows[2], 2)


def test_what_is_not_used_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("glm.prefix_cache.time.monotonic", lambda: clock[0])
    cache, old, used = PrefixCache(), kept([1]), kept([2])
    cache.add(old)
    cache.add(used)
    clock[0] = prefix_cache.FORGET_SECONDS - 1
    cache.use(used)
    clock[0] += 2
    cache.expire()
    assert len(cache) == 1 and cache.longest([2]) == (used, 1)


def filled(rows: int, tokens: int) -> SlotCache:
    """A cache of two layers with random numbers in it."""
    cache = SlotCache(2, max_rows=8, max_tokens=1024)
    for row in range(rows):
        cache.look_at(Window(row, row + 1, 0, tokens))
        for layer in cache.layers:
            layer.update(torch.randn(1, 2, tokens, 3), torch.randn(1, 2, tokens, 3))
    return cache


def content(cache: SlotCache, row: int, tokens: int) -> torch.Tensor:
    return torch.cat([block[row, :, :tokens] for layer in cache.layers for block in (layer.keys, layer.values)]).clone()


def test_rows_that_are_swapped_change_places_whole() -> None:
    cache = filled(3, 20)
    first, middle, last = (content(cache, row, 20) for row in range(3))
    cache.swap(0, 2, (20, 20))
    assert [torch.equal(content(cache, row, 20), old) for row, old in enumerate((last, middle, first))] == [True] * 3


def test_a_row_copied_out_and_written_into_another_cache_is_the_same() -> None:
    cache, other = filled(2, 30), filled(1, 5)
    row = cache.copy_of(1, 25)
    other.reserve(2, 30)
    other.write(1, row, 25)
    assert torch.equal(content(other, 1, 25), content(cache, 1, 25))


def test_a_block_of_one_row_is_given_away_and_adopted_without_a_copy() -> None:
    cache = filled(1, 30)
    before, address = content(cache, 0, 30), cache.layers[0].keys.data_ptr()
    row = cache.give_away()
    assert cache.allocated_bytes == 0
    cache.adopt(row)
    assert cache.layers[0].keys.data_ptr() == address and torch.equal(content(cache, 0, 30), before)
    cache.reserve(2, 400)
    assert torch.equal(content(cache, 0, 30), before)


def test_a_cache_at_its_limit_grows_no_more_than_is_asked_for() -> None:
    free, limited = SlotCache(1, max_rows=8, max_tokens=4096), SlotCache(1, max_rows=8, max_tokens=4096)
    limited.max_cells = 3 * 1024
    for cache in (free, limited):
        cache.reserve(2, 1000)
        cache.reserve(3, 1001)
    assert (free.row_count, limited.row_count) == (4, 3)
    assert limited.row_count * limited.capacity <= limited.max_cells


BUDGET = CacheBudget(nbytes=10 * 1024 * 100, token_bytes=100, context_length=4096, max_slots=4)


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        ([4096], True),
        ([2048] * 4, True),
        ([2560] * 4, True),
        ([2561, 10, 10, 10], False),  # every row is as long as the longest
        ([10] * 5, False),
    ],
)
def test_requests_fit_when_rows_as_long_as_the_longest_do(needs: list[int], fits: bool) -> None:
    assert BUDGET.admits(needs) is fits


def test_one_request_may_have_the_context_or_what_memory_allows() -> None:
    assert BUDGET.longest == 4096
    assert CacheBudget(1000 * 100, 100, 4096, 4).longest == 768
    assert CacheBudget(100 * 100, 100, 4096, 4).longest == 100


def model(**config: int) -> SimpleNamespace:
    values = {
        "num_hidden_layers": 3,
        "num_key_value_heads": 2,
        "num_attention_heads": 4,
        "hidden_size": 64,
        "head_dim": 16,
        "intermediate_size": 96,
        "vocab_size": 300,
        "max_position_embeddings": 4096,
    }
    weights = [torch.zeros(10)]
    return SimpleNamespace(
        config=SimpleNamespace(**values | config),
        device=torch.device("cpu"),
        dtype=torch.float32,
        parameters=lambda: iter(weights),
    )


def test_a_token_takes_what_its_keys_and_values_take() -> None:
    found = cache_budget(model(), context_length=4096, max_slots=4, nbytes=10**6)  # type: ignore[arg-type]
    assert found.token_bytes == 3 * 2 * 2 * 16 * 4 and found.nbytes == 10**6
    short = cache_budget(model(max_position_embeddings=100), context_length=100, max_slots=4, nbytes=10**6)  # type: ignore[arg-type]
    assert short.token_bytes == found.token_bytes


def test_the_budget_is_a_part_of_what_is_free_and_no_more_than_is_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glm.cache_budget.free_memory", lambda device: 10_000_000)
    scarce = cache_budget(model(), context_length=4096, max_slots=4, nbytes=None)  # type: ignore[arg-type]
    assert scarce.nbytes == 4_000_000
    monkeypatch.setattr("glm.cache_budget.free_memory", lambda device: 10**12)
    ample = cache_budget(model(), context_length=4096, max_slots=4, nbytes=None)  # type: ignore[arg-type]
    assert ample.nbytes == 4 * 4096 * ample.token_bytes
