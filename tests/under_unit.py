"""Runs a program as its systemd unit would: its system-call filter, no capabilities, its view of the file system.

systemd is not there to start services in a test, so its rules are read from the unit and handed to the same kernel
mechanisms: seccomp programs built by libseccomp, and a mount view by bubblewrap. What is not imitated: device policy
beyond a private /dev, resource control, and users.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import functools
import os
import re
import resource
import shlex
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.prerequisites import missing
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

UNITS = PROJECT / "systemd"
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_MASKED_EQUAL = 7  # SCMP_CMP_MASKED_EQ
_PROT_WRITE, _PROT_EXEC = 2, 4
_NAMESPACES = 0x7E020080  # every CLONE_NEW…
_FIRST_FD = 10
_PROC_OF_THE_MACHINE = (
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
)


class _Argument(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


class _Filter:
    """One seccomp program under construction."""

    def __init__(self, default: int) -> None:
        self._library = _seccomp()
        self._context = self._library.seccomp_init(default)

    def add(self, action: int, call: str, *arguments: _Argument) -> None:
        """Add a rule; a call that this machine does not have is passed over."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number == -1:
            return
        array = (_Argument * max(1, len(arguments)))(*arguments)
        self._library.seccomp_rule_add_array(self._context, action, number, len(arguments), array)

    def write(self, path: Path) -> None:
        """Write the program as the kernel takes it."""
        with path.open("wb") as file:
            assert self._library.seccomp_export_bpf(self._context, file.fileno()) == 0
        self._library.seccomp_release(self._context)


@functools.cache
def _seccomp() -> ctypes.CDLL:
    name = ctypes.util.find_library("seccomp")
    if name is None:
        missing("libseccomp", "install the package libseccomp2")
    library = ctypes.CDLL(name)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    arguments = ctypes.POINTER(_Argument)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        arguments,
    )
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    return library


class Unit:
    """A unit of the project and what it forbids."""

    def __init__(self, name: str, *, refused: Sequence[str] = ()) -> None:
        """Read a unit of the project; ``refused`` calls are taken from its filter, as a stricter drop-in would."""
        self.name = name
        self.service = section(name)
        self._refused = frozenset(refused)

    def prefix(self, folder: Path, state: Path, *, readable: Sequence[Path] = (), notify: Path | None = None) -> Path:
        """Return a script that runs its arguments under the unit's restrictions; ``state`` is its StateDirectory."""
        for tool in ("bwrap", "prlimit", "systemd-analyze"):
            if shutil.which(tool) is None:
                missing(tool, "install the packages bubblewrap, util-linux and systemd")
        folder.mkdir(parents=True, exist_ok=True)
        state.mkdir(parents=True, exist_ok=True)
        filters = self._write_filters(folder)
        words = ["prlimit", f"--nofile={self._files()}", "bwrap", *self._view(state, readable, notify)]
        opened = []
        for number, path in enumerate(filters, _FIRST_FD):
            words += ["--add-seccomp-fd", str(number)]
            opened.append(f"{number}<{shlex.quote(str(path))}")
        script = folder / f"{self.name}.sh"
        command = " ".join(shlex.quote(word) for word in words)
        script.write_text(f'umask {self.service["UMask"][0]}\nexec {command} "$@" {" ".join(opened)}\n')
        return script

    def command_line(self, config: Path) -> list[str]:
        """Return what ExecStart runs, as it is installed here, with a test's settings."""
        program, *arguments = shlex.split(self.service["ExecStart"][0])
        place = arguments.index("--config") + 1
        arguments[place] = str(config)
        return [str(PROJECT / ".venv" / "bin" / os.path.basename(program)), *arguments]

    def allowed_calls(self) -> set[str]:
        """Return the system calls that SystemCallFilter= leaves, with those that systemd always allows."""
        allowed = _members("@default")
        for line in self.service["SystemCallFilter"]:
            names = _all_members(line.removeprefix("~").split())
            allowed = allowed - names if line.startswith("~") else allowed | names
        return allowed - self._refused

    def _files(self) -> int:
        """Return LimitNOFILE=, or what this machine lets a test have."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = int(self.service["LimitNOFILE"][0])
        return wanted if most == resource.RLIM_INFINITY else min(wanted, most)

    def _write_filters(self, folder: Path) -> list[Path]:
        refuse = _ERRNO | getattr(errno, self.service["SystemCallErrorNumber"][0])
        calls = _Filter(refuse)
        for call in sorted(self.allowed_calls()):
            calls.add(_ALLOW, call)
        filters = {"calls": calls, "families": self._families(), "namespaces": _no_namespaces()}
        if self.service["MemoryDenyWriteExecute"] == ["yes"]:
            filters["memory"] = _no_writable_code()
        paths = []
        for name, program in filters.items():
            path = folder / f"{self.name}.{name}.bpf"
            program.write(path)
            paths.append(path)
        return paths

    def _families(self) -> _Filter:
        """Refuse sockets of families that RestrictAddressFamilies= does not name."""
        allowed = {int(getattr(socket, name)) for name in self.service["RestrictAddressFamilies"][0].split()}
        program = _Filter(_ALLOW)
        for family in set(range(46)) - allowed:
            program.add(_ERRNO | errno.EAFNOSUPPORT, "socket", _Argument(0, _MASKED_EQUAL, 0xFFFFFFFF, family))
        return program

    def _view(self, state: Path, readable: Sequence[Path], notify: Path | None) -> list[str]:
        words = ["--die-with-parent", "--new-session", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        words += ["--tmpfs", "/proc/sys"]
        for name in filter(os.path.exists, _PROC_OF_THE_MACHINE):
            words += ["--ro-bind", "/dev/null", name]
        for hidden in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"):  # noqa: S108 - PrivateTmp and ProtectHome
            if os.path.isdir(hidden):
                words += ["--tmpfs", hidden]
        for place in (sys.base_prefix, str(PROJECT), *map(str, readable)):
            words += ["--ro-bind", place, place]
        words += ["--bind", str(state), str(state)]
        if notify is not None:
            words += ["--ro-bind", str(notify), str(notify), "--setenv", "NOTIFY_SOCKET", str(notify)]
            watchdog = int(self.service["WatchdogSec"][0]) * 1_000_000
            words += ["--setenv", "WATCHDOG_USEC", str(watchdog)]
        words += ["--unshare-ipc", "--cap-drop", "ALL", "--chdir", "/"]
        return words


def section(name: str, title: str = "Service") -> dict[str, list[str]]:
    """Read one section of a unit; a key may stand several times."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in (UNITS / f"{name}.service").read_text().replace("\\\n", " ").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif "=" in line and not line.startswith("#") and current == title:
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def _all_members(names: Iterable[str]) -> set[str]:
    return {call for name in names for call in _members(name)}


@functools.cache
def _members(name: str) -> set[str]:
    """Return the calls of a set such as ``@system-service``; sets contain sets."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "--no-pager", "syscall-filter", name]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [row.strip() for row in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()[1:]]
    return _all_members(row for row in rows if row and not row.startswith("#"))


def _no_writable_code() -> _Filter:
    """Refuse memory that is written and run (MemoryDenyWriteExecute=)."""
    program, refused = _Filter(_ALLOW), _ERRNO | errno.EPERM
    both = _PROT_WRITE | _PROT_EXEC
    program.add(refused, "mmap", _Argument(2, _MASKED_EQUAL, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        program.add(refused, call, _Argument(2, _MASKED_EQUAL, _PROT_EXEC, _PROT_EXEC))
    return program


def _no_namespaces() -> _Filter:
    """Refuse every new namespace (RestrictNamespaces=)."""
    program, refused = _Filter(_ALLOW), _ERRNO | errno.EPERM
    for bit in range(32):
        if flag := (1 << bit) & _NAMESPACES:
            program.add(refused, "unshare", _Argument(0, _MASKED_EQUAL, flag, flag))
            program.add(refused, "clone", _Argument(0, _MASKED_EQUAL, flag, flag))
    program.add(refused, "setns")
    return program
