"""Conversation: the history of one chat and the tool loop around an engine.

It holds what was said and yields events; it draws nothing and knows no token
formats. History is exactly what the model saw or wrote, so what is cut short is
kept as it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import assert_never

from glm import history
from glm.engine import Engine
from glm.errors import ContextOverflowError, ConversationError, EngineError
from glm.events import (
    CallDelta,
    Event,
    Finished,
    FinishReason,
    MessageDone,
    PromptProgress,
    Queued,
    TextDelta,
    ThoughtDelta,
    ToolCalled,
    ToolReturned,
    ToolShows,
)
from glm.history import Calls, Messages, Partial
from glm.messages import Message, ToolCall, ToolResult
from glm.settings import GenerationSettings
from glm.tools import Toolbox

Events = Generator[Event, None, None]
"""What `send` and the others return: iterate over it, and close it to end the work."""


@dataclass(slots=True)
class _Turn:
    """One running answer: what it was started with, and how to stop and undo it."""

    before: Messages
    messages: Messages
    waiting_before: Calls
    system: str
    tools: Toolbox
    settings: GenerationSettings
    rounds: int = 0
    last_error: str = ""
    allowed: ToolCall | None = None
    """The call that a person has allowed."""
    stop: threading.Event = field(default_factory=threading.Event)


class Conversation:
    """One chat with an engine.

    `system`, `tools`, `settings` and `max_rounds` may be assigned at any time and hold from
    the next answer on. `max_rounds` is how many tool calls are answered for one question; a call
    that fails with the very error of the one before it ends the loop too.
    `visitor` is whose conversation it is: an engine with a queue serves visitors in turn.
    `messages` restores an earlier history; it holds no system message, which is kept
    apart in `system` and sent first ("" sends none).

    `send`, `retry`, `edit`, `perform`, `rerun`, `approve` and `resume` return iterators of events that do nothing until
    read, end with exactly one `Finished` and raise where they are read:

    - `ConversationError` when another answer is being made, or there is nothing to do;
    - `ContextOverflowError` when the prompt does not fit: the history is then as it was before;
    - `EngineError` when the engine fails: the question and what was said so far stay, so
      that `retry` works.

    Closing an iterator ends the work and keeps what was said, marked "cancelled"; an iterator
    that is busy inside `next` cannot be closed from another thread, use `stop` there.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        system: str = "",
        tools: Toolbox | None = None,
        settings: GenerationSettings | None = None,
        max_rounds: int = 5,
        messages: Sequence[Message] = (),
        visitor: str = "",
    ) -> None:
        if any(message.role == "system" for message in messages):
            raise ConversationError("messages hold no system message; pass its text as system=")
        self.engine = engine
        self.system = system
        self.tools = tools if tools is not None else Toolbox()
        self.settings = settings if settings is not None else GenerationSettings()
        self.max_rounds = max_rounds
        self.visitor = visitor
        self._messages: Messages = tuple(messages)
        self._waiting: Calls = ()
        self._rounds = 0
        self._turn: _Turn | None = None
        # Held for a few assignments only and never while waiting or yielding: an iterator may be
        # closed on another thread than the one that reads it, even on an event loop's.
        self._guard = threading.Lock()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages but the system message, oldest first."""
        return self._messages

    @property
    def pending(self) -> ToolCall | None:
        """A call that waits for a person, if any: for `approve`, or for an answer through `resume`."""
        return self._waiting[0] if self._waiting else None

    @property
    def busy(self) -> bool:
        """True while an answer is being made."""
        return self._turn is not None

    def context_tokens(self) -> int:
        """Tokens of the prompt as it stands; counts with the engine's tokenizer."""
        return self.engine.count_tokens(history.prompt(self.system, self._messages), tools=self.tools.specs)

    def send(self, text: str, settings: GenerationSettings | None = None) -> Events:
        """Ask `text` and answer it. `settings` replace the conversation's for this answer."""
        yield from self._answer(lambda kept: (*history.closed(kept), history.question(text)), settings)

    def retry(self, settings: GenerationSettings | None = None) -> Events:
        """Answer the last question anew; the earlier answer is dropped."""
        yield from self._answer(lambda kept: kept[: history.last_question(kept) + 1], settings)

    def edit(self, index: int, text: str, settings: GenerationSettings | None = None) -> Events:
        """Replace the question at `index` of `messages`, drop all after it, and answer.

        Raises `ConversationError` when there is no user message at `index`.
        """

        def change(kept: Messages) -> Messages:
            if not 0 <= index < len(kept) or kept[index].role != "user":
                raise ConversationError(f"message {index} is not a user message; only those can be edited")
            return (*kept[:index], history.question(text))

        yield from self._answer(change, settings)

    def resume(self, result: ToolResult | str, settings: GenerationSettings | None = None) -> Events:
        """Answer the `pending` call with `result` and go on.

        Raises `ConversationError` when no call is pending.
        """
        given = ToolResult(result) if isinstance(result, str) else result
        waiting = self._waiting

        def change(kept: Messages) -> Messages:
            self._check_waiting(waiting)
            return (*kept, Message("observation", given.text))

        opening = (ToolReturned(waiting[0], given),) if waiting else ()
        yield from self._answer(change, settings, rounds=self._rounds + 1, opening=opening, calls=waiting[1:])

    def approve(self, settings: GenerationSettings | None = None) -> Events:
        """Run the `pending` call and go on. Raises `ConversationError` when none is pending or a person answers it."""
        waiting = self._waiting

        def change(kept: Messages) -> Messages:
            self._check_waiting(waiting)
            if self.tools.is_manual(waiting[0].name):
                raise ConversationError(f"nothing runs the tool {waiting[0].name!r}; answer the call yourself")
            return kept

        yield from self._answer(change, settings, rounds=self._rounds, calls=waiting, allowed=self.pending)

    def perform(self, call: ToolCall) -> Events:
        """Run a call that a person wrote, as if the model had: it sees call and result, but does not go on by itself.

        Raises `EngineError` when the model makes no calls.
        """
        message = self.engine.call_message(call)
        made = (lambda kept: (*history.closed(kept), message), None)
        yield from self._answer(*made, calls=(call,), allowed=call, goes_on=False)

    def rerun(self, index: int, arguments: Mapping[str, Any], settings: GenerationSettings | None = None) -> Events:
        """Give the call at `index` of `messages` other arguments, drop all after it, run it and go on.

        Raises `ConversationError` when there is no call at `index`, `EngineError` when the model makes none.
        """
        at = self._messages[index] if 0 <= index < len(self._messages) else None
        if at is None or at.call is None:
            raise ConversationError(f"message {index} is not a tool call; only those can be run again")
        call = ToolCall(at.call.name, dict(arguments))
        changed = replace(self.engine.call_message(call), thought=at.thought)
        kept = (*self._messages[:index], changed)
        yield from self._answer(lambda _: kept, settings, calls=history.open_calls(kept), allowed=call)

    def undo(self) -> str:
        """Drop the last question and everything after it; returns its text.

        Raises `ConversationError` when busy or when there is no question.
        """
        with self._guard:
            self._refuse_when_busy()
            index = history.last_question(self._messages)
            text = self._messages[index].content
            self._messages = self._messages[:index]
            self._waiting = ()
        return text

    def stop(self) -> None:
        """End the running answer within one token or prefill chunk; does nothing when idle.

        Safe from any thread. The reader of the events still gets the partial message
        and `Finished("cancelled")`.
        """
        turn = self._turn
        if turn is not None:
            turn.stop.set()

    def clear(self) -> None:
        """Forget all messages. A running answer is stopped and no longer reaches the history."""
        with self._guard:
            turn, self._turn = self._turn, None
            self._messages = ()
            self._waiting = ()
        if turn is not None:
            turn.stop.set()

    def _answer(
        self,
        change: Callable[[Messages], Messages],
        settings: GenerationSettings | None,
        *,
        rounds: int = 0,
        opening: Sequence[Event] = (),
        calls: Calls = (),
        allowed: ToolCall | None = None,
        goes_on: bool = True,
    ) -> Events:
        turn = self._begin(change, settings, rounds)
        turn.allowed = allowed
        try:
            yield from opening
            yield from self._rounds_of(turn, calls, goes_on)
        except ContextOverflowError:
            self._put_back(turn)
            raise
        finally:
            self._end(turn)

    def _begin(self, change: Callable[[Messages], Messages], settings: GenerationSettings | None, rounds: int) -> _Turn:
        with self._guard:
            self._refuse_when_busy()
            before = self._messages
            after = change(before)
            turn = _Turn(before, after, self._waiting, self.system, self.tools, settings or self.settings, rounds)
            self._messages = after
            self._waiting = ()
            self._turn = turn
        return turn

    def _refuse_when_busy(self) -> None:
        if self._turn is not None:
            raise ConversationError("an answer is still being made; stop it or wait for its end first")

    def _check_waiting(self, seen: Calls) -> None:
        if not seen or self._waiting is not seen:
            raise ConversationError("no tool call waits for a person; send a message instead")

    def _rounds_of(self, turn: _Turn, calls: Calls, goes_on: bool) -> Events:
        """Answer `calls` and, if it `goes_on`, let the model write, answer the calls it makes, and so on."""
        finished = Finished("stop")
        while True:
            if not calls:
                calls, finished = yield from self._one_reply(turn)
            reason = (yield from self._run_calls(turn, calls, finished)) if calls else finished.reason
            if reason is not None or not goes_on:
                yield replace(finished, reason=reason or "stop")
                return
            calls = ()

    def _run_calls(self, turn: _Turn, calls: Calls, finished: Finished) -> Generator[Event, None, FinishReason | None]:
        """Run calls in order; returns why the loop ends here, or None to go on."""
        for index, call in enumerate(calls):
            reason = self._why_not_run(turn, calls[index:], finished)
            if reason is not None:
                return reason
            turn.rounds += 1
            result = yield from self._performed(turn, call)
            self._keep(turn, Message("observation", result.text))
            yield ToolReturned(call, result)
            if turn.stop.is_set():
                return "cancelled"
            error = _gist(result)
            if error and error == turn.last_error:
                return "same_error"
            turn.last_error = error
        return None

    def _performed(self, turn: _Turn, call: ToolCall) -> Generator[Event, None, ToolResult]:
        running = turn.tools.perform(call, turn.stop)
        try:
            while True:
                try:
                    event = next(running)
                except StopIteration as ended:
                    result: ToolResult = ended.value
                    return result
                yield ToolShows(call, event)
        finally:
            running.close()

    def _why_not_run(self, turn: _Turn, calls: Calls, finished: Finished) -> FinishReason | None:
        """Why the loop ends before the first of `calls`, or None to run it; notes calls that wait for a person."""
        if turn.stop.is_set():
            return "cancelled"
        if turn.rounds >= self.max_rounds:
            return "tool_rounds"
        manual = turn.tools.is_manual(calls[0].name)
        if (manual or calls[0] is not turn.allowed) and turn.tools.awaits_person(calls[0]):
            with self._guard:
                if self._turn is turn:
                    self._waiting = calls
                    self._rounds = turn.rounds
            return finished.reason
        return None

    def _one_reply(self, turn: _Turn) -> Generator[Event, None, tuple[Calls, Finished]]:
        """Pass one engine stream on; its `Finished` is returned, not yielded, with the calls to run."""
        calls: list[ToolCall] = []
        finished: Finished | None = None
        partial = Partial()
        prompt = history.prompt(turn.system, turn.messages)
        stream = self.engine.stream(
            prompt, tools=turn.tools.specs, settings=turn.settings, stop=turn.stop, visitor=self.visitor
        )
        try:
            for event in stream:
                match event:
                    case TextDelta(text):
                        partial.add("", text)
                    case ThoughtDelta(text):
                        partial.thought += text
                    case CallDelta(name, text):
                        partial.add(name, text)
                    case MessageDone(message):
                        partial.take()
                        self._keep(turn, message)
                    case ToolCalled(asked):
                        calls.append(asked)
                    case Finished():
                        finished = event
                        continue
                    case Queued() | PromptProgress():
                        pass
                    case _:
                        assert_never(event)
                yield event
        finally:
            unfinished = partial.take()
            if unfinished is not None:
                self._keep(turn, unfinished)
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        if finished is None:
            raise EngineError("the engine ended its stream without saying how; try again")
        return tuple(calls), finished

    def _keep(self, turn: _Turn, message: Message) -> None:
        # An answer stopped before its first token left nothing the model could go on from.
        if message.finish == "cancelled" and not (message.content or message.header or message.thought):
            return
        turn.messages = (*turn.messages, message)
        with self._guard:
            if self._turn is turn:
                self._messages = turn.messages

    def _put_back(self, turn: _Turn) -> None:
        with self._guard:
            if self._turn is turn:
                self._messages = turn.before
                self._waiting = turn.waiting_before

    def _end(self, turn: _Turn) -> None:
        with self._guard:
            if self._turn is turn:
                self._turn = None


def _gist(result: ToolResult) -> str:
    """What an error says, without where: a traceback's last line. "" when all went well."""
    return result.text.rstrip().rpartition("\n")[2] if result.is_error else ""
