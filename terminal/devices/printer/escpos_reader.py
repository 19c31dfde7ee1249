"""Cuts ESC/POS bytes into commands, each with its operands, as a printer would."""

from collections.abc import Iterator
from dataclasses import dataclass

_ESC, _GS, _FS, _DLE = 0x1B, 0x1D, 0x1C, 0x10

# How many operand bytes follow a command of fixed length.
_FIXED: dict[bytes, int] = {
    **{b"\x1b" + name: 0 for name in (b"@", b"2", b"<", b"i", b"m", b"L", b"S", b"\x0c", b"~")},
    **{b"\x1b" + name: 1 for name in (b"!", b"E", b"G", b"-", b"a", b"t", b"R", b"d", b"e", b"J", b"K", b"M", b"V")},
    **{b"\x1b" + name: 1 for name in (b"3", b"A", b" ", b"r", b"=", b"{", b"T", b"%", b"u", b"v", b"U")},
    **{b"\x1b" + name: 2 for name in (b"$", b"\\", b"c")},
    b"\x1bp": 3,
    b"\x1bW": 8,
    **{b"\x1d" + name: 1 for name in (b"!", b"B", b"H", b"b", b"f", b"h", b"w", b"r", b"a", b"I", b"/", b"T")},
    **{b"\x1d" + name: 2 for name in (b"L", b"W", b"P", b"$", b"\\")},
    **{b"\x1c" + name: 0 for name in (b".", b"&")},
    **{b"\x1c" + name: 1 for name in (b"!", b"-", b"C", b"W")},
    **{b"\x1c" + name: 2 for name in (b"S", b"p")},
    **{b"\x10" + name: 1 for name in (b"\x04", b"\x05")},
    b"\x10\x14": 3,
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name (``ESC a`` is ``b"\\x1ba"``); text has the name ``b""`` and a control its own byte."""

    name: bytes
    operands: bytes = b""


def read_commands(job: bytes) -> Iterator[Command]:
    """Yield the commands in a job; what breaks off at the end is dropped, as a printer waiting for more does."""
    position = 0
    while position < len(job):
        command, position = _next_command(job, position)
        if command is not None:
            yield command


def _next_command(job: bytes, start: int) -> tuple[Command | None, int]:
    byte = job[start]
    if byte in (_ESC, _GS, _FS, _DLE):
        return _escape_command(job, start)
    if byte < 0x20:
        return Command(job[start : start + 1]), start + 1
    end = start
    while end < len(job) and job[end] >= 0x20:
        end += 1
    return Command(b"", job[start:end]), end


def _escape_command(job: bytes, start: int) -> tuple[Command | None, int]:
    name = job[start : start + 2]
    body = start + 2
    size = _operand_size(job, name, body)
    if size is None or body + size > len(job):
        return None, len(job)
    return Command(name, job[body : body + size]), body + size


def _operand_size(job: bytes, name: bytes, body: int) -> int | None:
    """Return how many bytes belong to the command, or None when its header broke off."""
    if name in _FIXED:
        return _FIXED[name]
    head = job[body : body + 6]
    match name:
        case b"\x1d(" | b"\x1d8" | b"\x1c(":
            return _framed_size(name, head)
        case b"\x1dv":
            return None if len(head) < 6 else 6 + _word(head, 2) * _word(head, 4)
        case b"\x1b*":
            return None if len(head) < 3 else 3 + _word(head, 1) * (3 if head[0] >= 32 else 1)
        case b"\x1dV":
            return None if not head else (2 if head[0] in (65, 66, 97, 98, 103, 104) else 1)
        case b"\x1dk":
            return _barcode_size(job, body)
        case b"\x1bD":
            end = job.find(0, body)
            return None if end < 0 else end - body + 1
        case _:
            return 0 if len(name) == 2 else None


def _framed_size(name: bytes, head: bytes) -> int | None:
    if name == b"\x1d8":
        return None if len(head) < 5 else 5 + int.from_bytes(head[1:5], "little")
    return None if len(head) < 3 else 3 + _word(head, 1)


def _barcode_size(job: bytes, body: int) -> int | None:
    if body + 1 >= len(job):
        return None
    if job[body] >= 65:
        return 2 + job[body + 1]
    end = job.find(0, body + 1)
    return None if end < 0 else end - body + 1


def _word(head: bytes, at: int) -> int:
    return head[at] | head[at + 1] << 8
