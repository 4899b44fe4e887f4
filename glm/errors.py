"""Errors a person can act on.

Every error that may reach a user derives from `GlmError`; its text names the
thing, the value and the next step. Anything else that escapes is a bug in this
package, not the user's mistake.
"""


class GlmError(Exception):
    """Base of all errors whose text is meant for people."""


class SettingsError(GlmError, ValueError):
    """A generation setting is unknown, of the wrong type or out of range."""


class CheckpointError(GlmError):
    """A checkpoint folder or hub id cannot be loaded."""


class ContextOverflowError(GlmError):
    """The prompt leaves no room in the model's context.

    `prompt_tokens` is the prompt's length and `over` by how many tokens it is
    too long; both count tokens of the engine's own tokenizer.
    """

    def __init__(self, *, prompt_tokens: int, context_length: int, reserve: int = 1) -> None:
        self.prompt_tokens = prompt_tokens
        self.context_length = context_length
        self.over = prompt_tokens + reserve - context_length
        super().__init__(
            f"the conversation is {prompt_tokens} tokens long and the model reads at most {context_length}, "
            f"so it is {self.over} tokens too long; remove earlier turns, shorten the message or clear the chat"
        )


class CacheOverflowError(ContextOverflowError):
    """The prompt leaves no room in the memory that the engine may take; `context_length` is what would fit."""

    def __init__(self, *, prompt_tokens: int, context_length: int) -> None:
        super().__init__(prompt_tokens=prompt_tokens, context_length=context_length)
        self.args = (
            f"the conversation is {prompt_tokens} tokens long and the engine has memory for {context_length}; "
            "shorten or clear the conversation, start with a larger kv_budget, or choose a smaller dtype or model",
        )


class EngineError(GlmError):
    """The engine could not finish a request (out of memory, invalid logits, shut down)."""


class ConversationError(GlmError):
    """The conversation is not in a state that allows the operation."""


class ImportChatError(GlmError):
    """A file offered for import is not a conversation exported by this program."""


class SandboxError(GlmError):
    """Code cannot be run here, or a file cannot be exchanged with the kernel."""


def as_load_error(error: Exception) -> GlmError:
    """What to tell a person whose model could not be loaded."""
    if isinstance(error, GlmError):
        return error
    if isinstance(error, MemoryError):
        return EngineError("not enough memory for this model; close other programs, or try --dtype bfloat16")
    first_line = (str(error).splitlines() or [""])[0][:200]
    return EngineError(
        f"the model could not be loaded ({type(error).__name__}: {first_line}); start again with --debug for details"
    )
