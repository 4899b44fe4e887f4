"""LoRA layers computed with matrix products alone.

peft scales and adds the low-rank part in passes of their own over the layer's output. On
a processor those passes wait for memory; here the products accumulate in place.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners.lora import Linear


class _LoraProduct(torch.autograd.Function):
    """``x W^T + s x A^T B^T`` for x [T, in], W [out, in] (frozen), A [r, in], B [out, r] and scaling s."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        low = (x @ a.t()).mul_(scaling)
        ctx.scaling = scaling
        ctx.save_for_backward(x, low, weight, a, b)
        return (x @ weight.t()).addmm_(low, b.t())

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, low, weight, a, b = ctx.saved_tensors
        (gradient,) = gradients
        of_low = (gradient @ b).mul_(ctx.scaling)
        of_x = (gradient @ weight).addmm_(of_low, a)
        return of_x, None, of_low.t() @ x, gradient.t() @ low, None


def _forward(self: Any, x: torch.Tensor) -> torch.Tensor:
    if self.disable_adapters:
        return F.linear(x, self.base_layer.weight)
    a, b = self.lora_A["default"].weight, self.lora_B["default"].weight
    out = _LoraProduct.apply(x.flatten(0, -2), self.base_layer.weight, a, b, self.scaling["default"])
    return out.unflatten(0, x.shape[:-1])


def fuse(model: torch.nn.Module) -> None:
    """Let every LoRA layer of a peft model compute its result in this way.

    Raises ValueError for layers it does not fit: with a bias or with dropout.
    """
    for name, layer in model.named_modules():
        if not isinstance(layer, Linear):
            continue
        plain = isinstance(layer.lora_dropout["default"], torch.nn.Identity)
        if layer.base_layer.bias is not None or not plain:
            raise ValueError(f"{name}: a layer with bias or LoRA dropout cannot be fused. Train without them.")
        layer.forward = MethodType(_forward, layer)
