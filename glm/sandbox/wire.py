"""Jupyter's messages: made, signed, checked and read, without trusting who sent them.

See jupyter-client.readthedocs.io, "Messaging in Jupyter". A message that is not well formed
and rightly signed is nothing (None), never an error: hostile code may send what it likes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from glm.sandbox.messages import OUTPUT_KINDS

_DELIMITER = b"<IDS|MSG>"
_HEADER_BYTES = 64 * 1024
_LONGEST_NUMBER = 400  # digits; turning longer ones into numbers takes quadratic time
_REPLIES = frozenset({"execute_reply", "kernel_info_reply", "interrupt_reply", "variables_reply"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the kernel: its type, the id of the request it belongs to ("" for none), its content."""

    kind: str
    parent: str
    content: dict[str, Any]
    size: int


class Wire:
    """Makes and reads the messages of one connection. `key` is the connection's secret."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._session = uuid.uuid4().hex

    def request(self, kind: str, content: Mapping[str, object]) -> tuple[str, list[bytes]]:
        """A new request: its id, and its parts to send."""
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": kind,
            "session": self._session,
            "username": "glm",
            "date": datetime.now(timezone.utc).isoformat(),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        return number, [_DELIMITER, self._signature(parts), *parts]

    def read(self, parts: list[bytes]) -> Message | None:
        """The message, or None for what is malformed, wrongly signed or of no concern."""
        if _DELIMITER not in parts:
            return None
        signature, *frames = parts[parts.index(_DELIMITER) + 1 :] or [b""]
        if len(frames) < 4 or max(len(frames[0]), len(frames[1])) > _HEADER_BYTES:
            return None
        header, parent = _object(frames[0]), _object(frames[1])
        kind, number = header.get("msg_type"), parent.get("msg_id", "")
        if not isinstance(kind, str) or not isinstance(number, str) or len(number) > 100:
            return None
        size = sum(map(len, parts))
        if kind not in OUTPUT_KINDS and kind not in _REPLIES:
            return Message("other", number, {}, size)
        if not hmac.compare_digest(self._signature(frames[:4]), signature):
            return None
        return Message(kind, number, _object(frames[3]), size)

    def _signature(self, frames: list[bytes]) -> bytes:
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for frame in frames:
            digest.update(frame)
        return digest.hexdigest().encode()


def _object(frame: bytes) -> dict[str, Any]:
    """The JSON object in a frame; empty when it holds anything else."""
    try:
        found = json.loads(frame, parse_int=_number)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(digits: str) -> int:
    return int(digits) if len(digits) < _LONGEST_NUMBER else 0
