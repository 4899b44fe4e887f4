"""What went wrong while the model computed, in words that say what to do."""

from __future__ import annotations

import torch

from glm.errors import EngineError

OUT_OF_MEMORY = (
    "the {device} ran out of memory with {tokens} tokens in the context; shorten or clear the conversation, "
    "lower max_new_tokens, or load the model with a smaller dtype or quantised"
)
INVALID_SCORES = (
    "the model computed invalid numbers (NaN or infinity) after {tokens} tokens; "
    "load it with dtype float32 or bfloat16, and check that its weight files are complete"
)


def as_engine_error(error: Exception, device: str, tokens: int) -> EngineError:
    """`error` as one that a person can act on; `tokens` were in the context of the request."""
    if isinstance(error, EngineError):
        return error
    if is_out_of_memory(error):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        wrapped = EngineError(OUT_OF_MEMORY.format(device=device, tokens=tokens))
    else:
        wrapped = EngineError(
            f"the model failed after {tokens} tokens with {type(error).__name__}: {error}; "
            "try again, and if it happens again please report it with this text"
        )
    wrapped.__cause__ = error
    return wrapped


def is_out_of_memory(error: Exception) -> bool:
    """True for the errors with which torch and Python say that memory is short."""
    text = str(error)
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )
