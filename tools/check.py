"""Runs every static check and says what each one is; goes on after a failure, so that one run shows everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools import assets, clean_files, no_float, places, zero
from tools.source import project_files

if TYPE_CHECKING:
    from tools.source import Fault

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PACKAGES = ("commerce", "terminal", "central", "tools", "bench", "tests")


def main() -> None:
    """Run all checks; end with the names of those that failed."""
    failed = [name for name, passed in run_all() if not passed]
    if failed:
        sys.exit(f"Checks: {len(failed)} failed: {', '.join(failed)}.")
    print("Checks: all passed.")


def run_all() -> list[tuple[str, bool]]:
    """Run each check in turn and return whether it passed."""
    return [
        ("ruff", command("style and common mistakes", "ruff", "check", "--quiet", ".")),
        ("format", command("layout", "ruff", "format", "--check", "--quiet", ".")),
        ("types", command("types, mypy --strict", "mypy", "--strict", "--no-error-summary", *PACKAGES)),
        ("imports", command("layers", "lint-imports", "--no-logo", "--no-cache")),
        ("float", rule("no float near money", no_float.main())),
        ("zero", rule("zero is a value: no `or` on numbers", zero.main())),
        ("places", rule("SQL, tasks and rounding only in their places", places.main())),
        ("addresses", rule("no registry's address, no path of a machine", clean_files.main())),
        ("texts", command("every sentence in every language", "python", "-m", "tools.texts", "--check")),
        ("pages", check_pages()),
    ]


def command(what: str, program: str, *arguments: str) -> bool:
    """Run a program of the environment."""
    print(f"Check: {what} …", flush=True)
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
    return done.returncode == 0


def rule(what: str, faults: list[Fault]) -> bool:
    """Report what one of the project's own rules found."""
    print(f"Check: {what} …", flush=True)
    for fault in faults:
        print(f"  {fault}")
    return not faults


def check_pages() -> bool:
    """Check the pages' scripts with the TypeScript compiler."""
    if not [path for path in project_files() if path.endswith(".js") and "/static/" in path]:
        return True
    assets.fetch(with_dev=True)
    print("Check: types of the pages' scripts …", flush=True)
    command = [str(assets.MODULES / ".bin" / "tsc"), "--project", "tsconfig.json"]
    return subprocess.run(command, cwd=ROOT, check=False, env=assets.environment()).returncode == 0


if __name__ == "__main__":
    main()
