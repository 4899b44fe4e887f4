"""Landlock by ctypes: this process, and all it starts, may touch only the files named here. Standard library only.

Needs ABI 6 (Linux 6.12): older ones leave signals and abstract sockets open, with which code reaches the app.
`launch` loads this file by its path inside the process to be confined, so it imports nothing of this package.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

NEEDED_ABI = 6
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on x86-64 and 64-bit ARM
_VERSION_FLAG, _PATH_BENEATH, _NO_NEW_PRIVS = 1, 1, 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK = (1 << bit for bit in range(6, 12))
MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in range(12, 16))
_ALL_FILE_RIGHTS = (1 << 16) - 1
_BIND_AND_CONNECT_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_RIGHTS_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO
WRITE |= MAKE_SYM | REFER
DEVICE = READ_FILE | WRITE_FILE
SOCKETS = READ_DIR | MAKE_SOCK | REMOVE_FILE


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def abi() -> int:
    """The kernel's Landlock ABI, 0 when it has none or it is switched off."""
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    except (OSError, AttributeError):
        return 0


def ruleset(rules: Iterable[tuple[str, int]]) -> int:
    """A descriptor of the rules (path, rights beneath it). Paths that do not exist are left out; raises `OSError`."""
    head = struct.pack("=QQQ", _ALL_FILE_RIGHTS, _BIND_AND_CONNECT_TCP, _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    rules_fd = _call(_CREATE_RULESET, head, ctypes.c_size_t(len(head)), ctypes.c_uint32(0))
    for path, rights in rules:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _RIGHTS_OF_A_FILE
        rule = struct.pack("=Qi", rights, place)
        _call(_ADD_RULE, rules_fd, _PATH_BENEATH, rule, ctypes.c_uint32(0))
        os.close(place)
    return rules_fd


def restrict(rules_fd: int) -> None:
    """Bind this process to the rules, for good; also gives up set-uid programs. Raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    _call(_RESTRICT_SELF, rules_fd, ctypes.c_uint32(0))
