"""Runs the tests on all processors; pytest's last lines stay the last."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOAK_TIMEOUT_S = 6 * 3600


def main() -> None:
    """Run pytest with the given paths and options; `--soak` runs the long suites instead."""
    arguments = [word for word in sys.argv[1:] if word != "--soak"]
    soak = "--soak" in sys.argv[1:]
    workers = max(2, min(os.cpu_count() or 2, 8))
    what = "the long suites" if soak else "all tests" if not arguments else "the chosen tests"
    print(f"Tests: running {what} in {workers} processes.", flush=True)
    os.chdir(ROOT)
    # Becoming pytest instead of starting it lets Ctrl-C reach it alone, so that it stops what its tests started.
    os.execv(sys.executable, command(arguments, workers, soak=soak))  # noqa: S606


def command(arguments: list[str], workers: int, *, soak: bool) -> list[str]:
    """Return the pytest command line."""
    chosen = ["-m", "soak", "--timeout", str(SOAK_TIMEOUT_S), "-v"] if soak else []
    parallel = ["-n", str(workers), "--dist", "loadgroup"]
    return [sys.executable, "-m", "pytest", *parallel, "--durations=10", *chosen, *arguments]


if __name__ == "__main__":
    main()
