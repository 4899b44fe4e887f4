"""One end of a ZeroMQ connection (ZMTP 3.0, NULL mechanism), for a peer that is not trusted.

A kernel owns its end and hostile code can write any bytes to it. libzmq bounds the size of a
frame but not how many frames a message has, so one endless message fills the reader's memory;
and it reads ahead in threads of its own. Here nothing is read before it is wanted, the peer
has to wait, and a message is refused as soon as it is too large. Specification: rfc.zeromq.org/spec/23.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Literal

from glm.errors import SandboxError

_GREETING = b"\xff\0\0\0\0\0\0\0\0\x7f" + b"\x03\0" + b"NULL".ljust(20, b"\0") + b"\0" * 32
_MORE, _LONG, _COMMAND = 1, 2, 4
_MOST_PARTS = 1000
_MOST_COMMANDS = 1000
_READ_AHEAD = 256 * 1024


class WireError(SandboxError):
    """The kernel's end of a connection closed, or sent what no honest kernel sends. The kernel has to be replaced."""


class Channel:
    """A connected DEALER or SUB socket. Use from one event loop; one reader and one writer at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, largest: int) -> None:
        self._reader = reader
        self._writer = writer
        self._largest = largest
        self._commands = 0

    @classmethod
    async def open(cls, transport: str, ip: str, port: int, kind: Literal["DEALER", "SUB"], *, largest: int) -> Channel:
        """Connect as libzmq would to `{transport}://{ip}` and `port`.

        `largest` is in bytes, of one whole message. Raises `OSError` while nobody listens yet
        and `WireError` when somebody does who speaks otherwise.
        """
        if transport == "ipc":
            streams = await asyncio.open_unix_connection(f"{ip}-{port}", limit=_READ_AHEAD)
        else:
            streams = await asyncio.open_connection(ip, port, limit=_READ_AHEAD)
        channel = cls(*streams, largest)
        try:
            await channel._shake_hands(kind)
        except BaseException:
            channel.close()
            raise
        return channel

    async def receive(self) -> list[bytes]:
        """The parts of the next message. Waits for ever; raises `WireError` when there will be none."""
        parts: list[bytes] = []
        left = self._largest
        while True:
            flags, body = await self._frame(left)
            if flags & _COMMAND:
                self._count_command()
                continue
            parts.append(body)
            left -= len(body)
            if not flags & _MORE:
                return parts
            if len(parts) >= _MOST_PARTS:
                raise WireError(f"the kernel sent a message of more than {_MOST_PARTS} parts; restart it")

    async def send(self, parts: list[bytes]) -> None:
        """Send a message. Waits while the peer does not read: give it a time limit. Raises `WireError`."""
        last = len(parts) - 1
        self._writer.write(b"".join(_head(_MORE if n < last else 0, len(part)) + part for n, part in enumerate(parts)))
        await self._drain()

    def close(self) -> None:
        """Close at once; what was not sent is dropped. Idempotent."""
        self._writer.transport.abort()

    async def _shake_hands(self, kind: str) -> None:
        self._writer.write(_GREETING)
        greeting = await self._exactly(64)
        if greeting[0] != 0xFF or greeting[10] < 3 or greeting[12:32].rstrip(b"\0") != b"NULL":
            raise WireError("what answers for the kernel does not speak ZMTP 3 in the clear; restart it")
        ready = b"\x05READY" + _property(b"Socket-Type", kind.encode())
        if kind == "DEALER":
            ready += _property(b"Identity", b"")
        self._writer.write(_head(_COMMAND, len(ready)) + ready)
        flags, body = await self._frame(4096)
        if not flags & _COMMAND or not body.startswith(b"\x05READY"):
            raise WireError("the kernel refused the connection; restart it")
        if kind == "SUB":
            await self.send([b"\x01"])  # everything

    async def _frame(self, largest: int) -> tuple[int, bytes]:
        flags = (await self._exactly(1))[0]
        if flags & _LONG:
            (length,) = struct.unpack(">Q", await self._exactly(8))
        else:
            length = (await self._exactly(1))[0]
        if length > largest:
            raise WireError(f"the kernel sent a message of more than {self._largest:,} bytes; restart it")
        return flags, await self._exactly(length)

    def _count_command(self) -> None:
        # A well-behaved peer has nothing to command after the greeting.
        self._commands += 1
        if self._commands > _MOST_COMMANDS:
            raise WireError("the kernel sends nothing but commands; restart it")

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise WireError("the kernel closed the connection") from error

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError as error:
            raise WireError("the kernel closed the connection") from error


def _head(flags: int, length: int) -> bytes:
    if length > 255:
        return struct.pack(">BQ", flags | _LONG, length)
    return struct.pack(">BB", flags, length)


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
