"""Which cores the daemon's threads run on.

The loop and the ledger's writer only ever take turns: one hands over and waits. Between two cores that costs a wake-up
of the other core and cold caches twice per sale; on one core a commit is a fifth faster. Everything else keeps all
cores. See docs/decisions/0030-one-core-for-loop-and-writer.md.
"""

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

_ALL = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset[int]()


def share_a_core(writer_thread: int | None, turn: int | None = None) -> None:
    """Put the calling thread and the writer's on one core; processes spread by their id. One core: nothing to do.

    ``turn`` counts cores through in place of the process id.

    It is a wish: where the machine refuses it (a unit's system-call filter, a container), threads run where they like.
    """
    if len(_ALL) < 2 or writer_thread is None:
        return
    core = sorted(_ALL)[(os.getpid() if turn is None else turn) % len(_ALL)]
    for thread in (threading.get_native_id(), writer_thread):
        _wish(thread, frozenset({core}))


def use_all_cores() -> None:
    """Take back what a new thread inherits from the loop's."""
    if _ALL:
        _wish(threading.get_native_id(), _ALL)


def _wish(thread: int, cores: frozenset[int]) -> None:
    with contextlib.suppress(OSError):
        os.sched_setaffinity(thread, cores)


def helper_threads() -> ThreadPoolExecutor:
    """Return the pool for what must not hold up the loop: rendering, files, PIN checks."""
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="helper", initializer=use_all_cores)
