"""Tries what a daemon with the unit's hardening must not be able to do, and prints what came of it: run by service.py, once
as the unit runs the daemon, once without its hardening."""

import ctypes
import json
import mmap
import os
import pathlib
import stat

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
PTRACE_TRACEME = 0
PER_LINUX32 = 8


def call(function, *arguments):
    if function(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def setuid_file():
    path = pathlib.Path("/var/lib/coupler/tried")
    path.touch()
    try:
        path.chmod(0o755 | stat.S_ISUID)
    finally:
        path.unlink()


TRIES = {
    "a lower priority (system calls of @resources)": lambda: os.nice(1),
    "to be traced (a system call outside @system-service)": lambda: call(libc.ptrace, PTRACE_TRACEME, 0, 0, 0),
    "a name space of its own": lambda: call(libc.unshare, CLONE_NEWUSER),
    "another personality": lambda: call(libc.personality, PER_LINUX32),
    "memory that is written and executed": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "a file with set-user-ID": setuid_file,
    "somebody else's process": lambda: pathlib.Path("/proc/1/comm").read_text(),
    "files in /tmp for everybody": lambda: os.stat("/tmp/of-everybody"),
    "a message queue of everybody": lambda: check_shared("ipc"),
    "the mounts of everybody": lambda: check_shared("mnt"),
}


def check_shared(kind):
    """Whether this is the name space that /run/namespaces tells."""
    if os.readlink(f"/proc/self/ns/{kind}") not in pathlib.Path("/run/namespaces").read_text().split():
        raise OSError(1, "another name space")


found = {}
for what, attempt in TRIES.items():
    child = os.fork()  # what succeeds must not help the next
    if child == 0:
        try:
            attempt()
        except (OSError, PermissionError):
            os._exit(1)
        os._exit(0)
    found[what] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(json.dumps(found))
