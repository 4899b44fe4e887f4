"""The system call filter: a small assembler for the kernel's packet filter (BPF), for x86-64 and 64-bit ARM.

What is refused: ways into the kernel that Python code never needs (mounts, namespaces, modules, io_uring, bpf),
ways to other processes (ptrace, process_vm_*), stores that no limit counts (memfd, System V memory), and every
call newer than this table. With `shared_host` (tier "landlock": same user, same mounts, same network) also what
Landlock does not cover: network sockets, connecting, changing mode, owner or times of files, scheduling of others.
"""

from __future__ import annotations

import errno
import platform
import struct

from glm.errors import SandboxError

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEWEST_CALL = 462
"""mseal, Linux 6.10. Later calls answer ENOSYS, as on an older kernel, until someone has looked at them."""

# (x86-64, aarch64); None where the architecture has no such call.
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "statmount": (457, 457), "listmount": (458, 458),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "create_module": (174, None),
    "query_module": (178, None), "get_kernel_syms": (177, None), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "vhangup": (153, 58), "nfsservctl": (180, 42), "lookup_dcookie": (212, 18), "uselib": (134, None),
    "personality": (135, 92), "modify_ldt": (154, None), "_sysctl": (156, None), "ustat": (136, None),
    "sysfs": (139, None), "afs_syscall": (183, None), "tuxcall": (184, None), "security": (185, None),
    "vserver": (236, None), "getpmsg": (181, None), "putpmsg": (182, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "remap_file_pages": (216, 234), "seccomp": (317, 277),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183), "mq_notify": (244, 184), "mq_getsetattr": (245, 185),
    "io_setup": (206, 0), "io_destroy": (207, 1), "io_submit": (209, 2), "io_cancel": (210, 3),
    "io_getevents": (208, 4), "io_pgetevents": (333, 292),
    "clone": (56, 220), "clone3": (435, 435), "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203),
    "prlimit64": (302, 261), "prctl": (157, 167), "ioctl": (16, 29), "fcntl": (72, 25),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "utimensat": (280, 88), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "inotify_add_watch": (254, 27),
}  # fmt: skip

# Programs try these and go on without when the kernel has none: "not there" breaks less than "not allowed".
_ABSENT = """
    clone3 io_uring_setup io_uring_enter io_uring_register memfd_create memfd_secret userfaultfd
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents mq_open mq_unlink mq_timedsend
    mq_timedreceive mq_notify mq_getsetattr shmget shmat shmctl shmdt semget semop semctl semtimedop
    msgget msgsnd msgrcv msgctl statmount listmount
""".split()
_CHECKED = ["clone", "socket", "socketpair", "prlimit64", "prctl", "ioctl", "fcntl", "sched_setaffinity", "utimensat"]
_SHARED_EPERM = """
    sched_setattr ioprio_set utime utimes futimesat chown lchown fchown fchownat inotify_add_watch
""".split()
_SHARED_ENOTSUP = "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr".split()
# Landlock does not guard modes; the owner of the app's own files is the same user here. Pretending keeps
# `shutil.copy` and `tarfile` at work: nothing inside depends on modes. Nor does it guard the priority of the user's
# other processes; libzmq sets that of its own threads and aborts the kernel when it may not.
_SHARED_PRETEND = "chmod fchmod fchmodat fchmodat2 sched_setscheduler sched_setparam setpriority".split()
_SHARED_EACCES = ["connect"]
_SHARED = [*_SHARED_EPERM, *_SHARED_ENOTSUP, *_SHARED_PRETEND, *_SHARED_EACCES]

_LOAD, _EQUAL, _GREATER, _AND, _JUMP, _RETURN = 0x20, 0x15, 0x25, 0x54, 0x05, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH = 0, 4
_NAMESPACES = 0x7E020000  # the CLONE_NEW* flags that fit `clone`; the time namespace only exists in clone3
_UNIX, _INET, _INET6, _STREAM, _SEQPACKET = 1, 2, 10, 1, 5
_PR_SET_DUMPABLE = 4
_TERMINAL_IOCTLS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into the terminal that started the server
_FILE_FLAG_IOCTLS = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_LEASES = (1024, 1026)  # F_SETLEASE, F_NOTIFY: a lease on the app's files makes the app wait for 45 s

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def _argument(index: int, high: bool = False) -> int:
    return 16 + 8 * index + (4 if high else 0)


def _fail(number: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


def _listed(numbers: list[int], ending: Instruction) -> list[Instruction]:
    """`ending` for the calls in `numbers`; the call's number is loaded."""
    count = len(numbers)
    tests: list[Instruction] = [(_EQUAL, count - index, 0, number) for index, number in enumerate(numbers)]
    return [*tests, (_JUMP, 0, 0, 1), ending] if tests else []


def _one_of(values: tuple[int, ...], inside: Instruction, outside: Instruction) -> list[Instruction]:
    """Ends with `inside` when the loaded word is one of `values`, else with `outside`."""
    count = len(values)
    tests: list[Instruction] = [(_EQUAL, count - index, 0, value) for index, value in enumerate(values)]
    return [*tests, outside, inside]


def _bodies(shared_host: bool) -> dict[str, list[Instruction]]:
    """What each call with checked arguments runs into; every body ends in a return on all paths."""
    allow: Instruction = (_RETURN, 0, 0, _ALLOW)
    eperm, unknown_family = _fail(errno.EPERM), _fail(errno.EOPNOTSUPP)
    only_self: list[Instruction] = [(_LOAD, 0, 0, _argument(0)), (_EQUAL, 0, 1, 0), allow, eperm]
    ioctls = _TERMINAL_IOCTLS + (_FILE_FLAG_IOCTLS if shared_host else ())
    bodies: dict[str, list[Instruction]] = {
        "clone": [(_LOAD, 0, 0, _argument(0)), (_AND, 0, 0, _NAMESPACES), (_EQUAL, 0, 1, 0), allow, eperm],
        # Limits of others: their hard limits can be lowered for good by the same user.
        "prlimit64": only_self,
        # A process that is not dumpable hides its memory use from the watchdog.
        "prctl": [(_LOAD, 0, 0, _argument(0)), *_one_of((_PR_SET_DUMPABLE,), eperm, allow)],
        "ioctl": [(_LOAD, 0, 0, _argument(1)), *_one_of(ioctls, eperm, allow)],
        # EOPNOTSUPP, never EAFNOSUPPORT: libzmq aborts the kernel on the latter when it asks for netlink.
        "socket": [(_LOAD, 0, 0, _argument(0)), *_one_of((_UNIX, _INET, _INET6), allow, unknown_family)],
    }
    if shared_host:
        # Datagram sockets can address any listening path without connecting; streams cannot.
        kind: list[Instruction] = [
            (_LOAD, 0, 0, _argument(1)),
            (_AND, 0, 0, 0xF),
            *_one_of((_STREAM, _SEQPACKET), allow, unknown_family),
        ]
        family: list[Instruction] = [
            (_LOAD, 0, 0, _argument(0)),
            (_EQUAL, 4, 0, _UNIX),
            (_EQUAL, 2, 0, _INET),
            (_EQUAL, 1, 0, _INET6),
            unknown_family,
            _fail(errno.EACCES),
        ]
        bodies["socket"] = [*family, *kind]
        bodies["socketpair"] = kind
        bodies["sched_setaffinity"] = only_self
        bodies["fcntl"] = [(_LOAD, 0, 0, _argument(1)), *_one_of(_LEASES, eperm, allow)]
        # Times given: pretend, for `shutil.copy2`. "Now" (null pointer) fails, so that `Path.touch` goes on to create.
        bodies["utimensat"] = [
            (_LOAD, 0, 0, _argument(2)),
            (_EQUAL, 0, 2, 0),
            (_LOAD, 0, 0, _argument(2, high=True)),
            (_EQUAL, 1, 0, 0),
            _fail(0),
            eperm,
        ]
    return bodies


def filter_program(machine: str | None = None, *, shared_host: bool) -> bytes:
    """The filter as an array of `struct sock_filter`, for `bwrap --seccomp` or prctl.

    `machine` as `platform.machine()` says it; raises `SandboxError` for others than x86_64 and aarch64.
    """
    machine = machine or platform.machine()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine.lower(), machine)
    if machine not in AUDIT_ARCH:
        raise SandboxError(
            f"no system call filter for the processor type {machine!r}, only for x86_64 and aarch64; "
            "code cannot be run safely on this computer"
        )
    column = 0 if machine == "x86_64" else 1

    def numbers(names: list[str]) -> list[int]:
        found = (NUMBERS[name][column] for name in names)
        return [number for number in found if number is not None]

    refused = [name for name in NUMBERS if name not in {*_ABSENT, *_CHECKED, *_SHARED}]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),  # 32-bit calls have other numbers: no table, no mercy
        (_LOAD, 0, 0, _NUMBER),
        (_GREATER, 0, 1, NEWEST_CALL),  # also the x32 calls, which set bit 30
        _fail(errno.ENOSYS),
        *_listed(numbers(_ABSENT), _fail(errno.ENOSYS)),
        *_listed(numbers(refused), _fail(errno.EPERM)),
    ]
    if shared_host:
        program += _listed(numbers(_SHARED_EPERM), _fail(errno.EPERM))
        program += _listed(numbers(_SHARED_ENOTSUP), _fail(errno.ENOTSUP))
        program += _listed(numbers(_SHARED_PRETEND), _fail(0))
        program += _listed(numbers(_SHARED_EACCES), _fail(errno.EACCES))
    for name, body in _bodies(shared_host).items():
        for number in numbers([name]):
            program += [(_EQUAL, 0, len(body), number), *body]
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
