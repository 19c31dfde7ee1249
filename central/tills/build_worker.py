"""Makes rows of large sets in a process of its own: ``python -m central.tills.build_worker``.

Sets come on standard input, what they come to goes out on standard output, each behind its length in 8 bytes; both are
pickles between two processes of one program. It ends when nobody will send any more.
"""

import gc
import pickle
import resource
import sys
from typing import IO

from central.tills.values import RawEntry

MOST_MEMORY = 2 * 1024 * 1024 * 1024
_LENGTH_BYTES = 8


def send(stream: IO[bytes], value: object) -> None:
    """Write one message."""
    raw = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(len(raw).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(raw)
    stream.flush()


def receive(stream: IO[bytes]) -> object:
    """Read one message; EOFError when there will be none, or only a part of it came."""
    length = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")
    return pickle.loads(_exactly(stream, length))  # noqa: S301 - our own process wrote it


def main() -> None:
    """Answer until nobody asks: True and what was built, or False for whatever the set made the code do."""
    gc.disable()  # nothing of a set refers to itself, and walking it took a quarter of the time
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    while True:
        try:
            projection, entries = receive(sys.stdin.buffer)  # type: ignore[misc]
        except EOFError:
            return
        try:
            built = True, projection.build([RawEntry(*entry) for entry in entries])  # type: ignore[has-type]
        except Exception:  # noqa: BLE001 - the same is tried where it can be looked at
            built = False, None
        send(sys.stdout.buffer, built)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    raw = stream.read(length)
    if len(raw) < length:
        raise EOFError
    return raw


if __name__ == "__main__":
    main()
