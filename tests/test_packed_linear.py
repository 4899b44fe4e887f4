"""Weights kept in a second order: the same products, and only where there is memory for it."""

from __future__ import annotations

import pytest
import torch

from glm.decode import Decoder, fastest_forward
from glm.fast_glm import FastGlm
from glm.packed_linear import Matrix, pack_all
from tests.small_engine import small_model

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN")


def matrices(*shapes: tuple[int, int], dtype: torch.dtype = torch.float32) -> list[Matrix]:
    torch.manual_seed(0)
    return [Matrix(torch.randn(*shape, dtype=dtype), torch.randn(shape[0], dtype=dtype)) for shape in shapes]


@pytest.mark.parametrize("rows", [1, 2, 8, 31, 300])
def test_a_packed_product_is_the_plain_one(rows: int) -> None:
    (matrix,) = made = matrices((96, 64))
    assert pack_all(made)
    states = torch.randn(2, rows, 64)
    plain = matrix(states, packed=False)
    matrix.weight = torch.zeros_like(matrix.weight)  # so that the other order is what is used
    torch.testing.assert_close(matrix(states, packed=True), plain)


@pytest.mark.parametrize("rows", [1, 2, 31, 128, 129])
@pytest.mark.parametrize("bias", [True, False])
def test_a_product_in_parts_is_the_whole_one(rows: int, bias: bool) -> None:
    torch.manual_seed(1)
    weight, states = torch.randn(96, 64), torch.randn(3, rows, 64)[:, ::2]
    matrix = Matrix(weight, torch.randn(96) if bias else None)
    assert matrix._parts is not None
    assert matrix._parts.data_ptr() == weight.data_ptr()  # nothing is kept twice
    plain = torch.nn.functional.linear(states, weight, matrix.bias)
    torch.testing.assert_close(matrix(states, packed=False), plain)


def test_what_cannot_be_parted_stays_whole() -> None:
    for weight in (torch.randn(97, 64), torch.randn(96, 64, dtype=torch.bfloat16), torch.randn(64, 96).t()):
        matrix, states = Matrix(weight), torch.randn(2, 64, dtype=weight.dtype)
        assert matrix._parts is None
        torch.testing.assert_close(matrix(states, packed=False), torch.nn.functional.linear(states, weight))


def test_nothing_is_packed_where_memory_is_scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    made = matrices((96, 64), (64, 96))
    monkeypatch.setattr("glm.packed_linear.free_memory", lambda device: 4 * 2 * 96 * 64 * 4 - 1)
    assert not pack_all(made)
    monkeypatch.setattr("glm.packed_linear.free_memory", lambda device: 4 * 2 * 96 * 64 * 4)
    assert pack_all(made)


def test_half_precision_is_left_as_it_is() -> None:
    assert not pack_all(matrices((96, 64), dtype=torch.bfloat16))


def test_where_the_library_cannot_pack_all_products_stay_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    made = matrices((96, 64), (64, 96))
    pack = Matrix.pack

    def fails(matrix: Matrix) -> None:
        if matrix is made[1]:
            raise RuntimeError("no such operation")
        pack(matrix)

    monkeypatch.setattr(Matrix, "pack", fails)
    assert not pack_all(made)
    assert all(matrix._packed is None for matrix in made)


def test_a_model_packs_when_rows_are_first_written_together() -> None:
    model = small_model()
    forward = fastest_forward(model)
    assert isinstance(forward, FastGlm)
    decoder = Decoder(model, max_rows=2, context_length=64, forward=forward)
    with torch.inference_mode():
        for row in range(2):
            decoder.prefill(row, [5, 6, 7 + row], 0)
        assert forward._packed is None
        alone = torch.cat([decoder.step(row, [9], [3]) for row in range(2)])
        assert forward._packed is None
        together = decoder.step(0, [9, 9], [3, 3])
    assert forward._packed is True
    torch.testing.assert_close(together, alone)
