"""The system call filter, run here by a small interpreter: what each call is answered, on both processor types."""

from __future__ import annotations

import ctypes
import errno
import struct

import pytest

from glm.errors import SandboxError
from glm.sandbox.seccomp import AUDIT_ARCH, NEWEST_CALL, NUMBERS, filter_program

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
MACHINES = ("x86_64", "aarch64")
HARMLESS = {"read": (0, 63), "openat": (257, 56), "mmap": (9, 222), "futex": (202, 98), "execve": (59, 221)}


def answer(program: bytes, number: int, *arguments: int, arch: int) -> int:
    """Run the filter as the kernel does; fails on a jump out of the program or an unknown instruction."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, arch, 0, *(value % 2**64 for value in padded))
    instructions = list(struct.iter_unpack("<HBBI", program))
    position = word = 0
    for _ in range(len(instructions)):
        code, if_true, if_false, value = instructions[position]
        position += 1
        if code == 0x06:
            return value
        if code == 0x20:
            (word,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            word &= value
        elif code == 0x05:
            position += value
        elif code == 0x15:
            position += if_true if word == value else if_false
        elif code == 0x25:
            position += if_true if word > value else if_false
        else:
            raise AssertionError(f"unknown instruction {code:#x}")
    raise AssertionError("the filter does not end")


class Filter:
    def __init__(self, machine: str, shared_host: bool) -> None:
        self.column = MACHINES.index(machine)
        self.arch = AUDIT_ARCH[machine]
        self.program = filter_program(machine, shared_host=shared_host)

    def __call__(self, name: str, *arguments: int) -> int | None:
        """None when allowed, else the error number."""
        number = {**NUMBERS, **HARMLESS}[name][self.column]
        assert number is not None
        result = answer(self.program, number, *arguments, arch=self.arch)
        if result == ALLOW:
            return None
        assert result & 0xFFFF0000 == ERRNO
        return result & 0xFFFF


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["own_host", "shared_host"])
def shared(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_ordinary_calls_pass(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    assert [check(name) for name in HARMLESS] == [None] * len(HARMLESS)


def test_every_way_into_the_kernel_is_refused(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    for name in ("mount", "unshare", "setns", "ptrace", "process_vm_readv", "bpf", "keyctl", "open_by_handle_at"):
        assert check(name) == errno.EPERM, name
    for name in ("clone3", "io_uring_setup", "memfd_create", "userfaultfd", "shmget", "mq_open"):
        assert check(name) == errno.ENOSYS, name


def test_every_number_has_an_answer(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    for number in range(NEWEST_CALL + 1):
        result = answer(check.program, number, arch=check.arch)
        assert result == ALLOW or result & 0xFFFF0000 == ERRNO


def test_calls_of_later_kernels_and_of_x32_are_absent(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    for number in (NEWEST_CALL + 1, 0x40000000, 0x40000000 + 59, 2**32 - 1):
        assert answer(check.program, number, arch=check.arch) == ERRNO | errno.ENOSYS


def test_calls_of_another_processor_type_kill(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    assert answer(check.program, 0, arch=0x40000003) == KILL


def test_clone_makes_threads_and_processes_but_no_namespaces(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    assert check("clone", 0x3D0F00) is None  # what a thread asks for
    assert check("clone", 17) is None  # what fork asks for
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert check("clone", flag | 17) == errno.EPERM


def test_sockets_by_family(machine: str) -> None:
    unix, inet, inet6, netlink, vsock = 1, 2, 10, 16, 40
    own, shared = Filter(machine, False), Filter(machine, True)
    for family in (unix, inet, inet6):
        assert own("socket", family, 1) is None
    for family in (netlink, vsock, 17):
        assert own("socket", family, 1) == shared("socket", family, 1) == errno.EOPNOTSUPP
    assert shared("socket", inet, 1) == shared("socket", inet6, 2) == errno.EACCES
    assert shared("connect") == errno.EACCES
    assert own("connect") is None


def test_a_shared_host_has_no_datagrams(machine: str) -> None:
    """A datagram can be sent to any path without `connect`, even over half of a pair."""
    check = Filter(machine, True)
    close_on_exec = 0o2000000
    for name in ("socket", "socketpair"):
        assert check(name, 1, 1 | close_on_exec) is None
        assert check(name, 1, 5) is None
        assert check(name, 1, 2 | close_on_exec) == errno.EOPNOTSUPP


def test_only_own_limits_can_be_changed(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    assert check("prlimit64", 0) is None
    assert check("prlimit64", 4711) == errno.EPERM


def test_terminals_and_hiding(machine: str, shared: bool) -> None:
    check = Filter(machine, shared)
    assert check("ioctl", 0, 0x5401) is None
    assert check("ioctl", 0, 0x5412) == errno.EPERM
    assert check("ioctl", 0, 0x5412 + 2**32) == errno.EPERM  # the kernel looks at the lower half only
    assert check("prctl", 4) == errno.EPERM
    assert check("prctl", 15) is None


def test_files_of_a_shared_host(machine: str) -> None:
    own, shared = Filter(machine, False), Filter(machine, True)
    assert shared("fchmodat") == shared("fchmod") == 0  # pretended
    assert shared("sched_setscheduler") == 0  # libzmq aborts when its own threads may not
    assert shared("fchownat") == errno.EPERM
    assert shared("setxattr") == errno.ENOTSUP
    now, times, high_times = 0, 0x7FFF0000, 0x7F0000000000
    assert shared("utimensat", -100, 1, now) == errno.EPERM
    assert shared("utimensat", -100, 1, times) == shared("utimensat", -100, 1, high_times) == 0
    assert shared("fcntl", 3, 1024) == errno.EPERM
    assert shared("fcntl", 3, 2) is None
    for name in ("fchmodat", "fchmod", "fchownat", "setxattr", "utimensat", "fcntl"):
        assert own(name, 3, 1024) is None


def test_other_processors_are_refused_by_name() -> None:
    with pytest.raises(SandboxError, match="riscv64"):
        filter_program("riscv64", shared_host=False)


def test_numbers_agree_with_libseccomp() -> None:
    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("no libseccomp here to compare with")
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for name, numbers in NUMBERS.items():
        for machine, number in zip(MACHINES, numbers, strict=True):
            known = resolve(AUDIT_ARCH[machine], name.encode())
            if known == -1 and name in ("statmount", "listmount"):
                continue  # newer than the library
            assert number == (known if known >= 0 else None), (name, machine)
