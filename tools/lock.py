"""Renews the locks: every package with its hashes, and no registry's address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.assets import environment, find_npm

ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "make lock"),
)


def main() -> None:
    """Lock what runs, then what also develops, then the page files."""
    print("Lock: what runs (requirements.txt).", flush=True)
    run("-m", *COMPILE, "--output-file", "requirements.txt")
    print("Lock: what also develops (requirements-dev.txt).", flush=True)
    run("-m", *COMPILE, "--group", "dev", "--constraints", "requirements.txt", "--output-file", "requirements-dev.txt")
    print("Lock: page files (package-lock.json).", flush=True)
    command = [find_npm(), "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--silent"]
    if subprocess.run(command, cwd=ROOT, check=False, env=environment()).returncode != 0:
        sys.exit("Cannot go on: npm could not renew package-lock.json (see above).")


def run(*arguments: str) -> None:
    """Run a module of the environment, or end with a sentence."""
    if subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode != 0:
        sys.exit("Cannot go on: the lock could not be renewed (see above).")


if __name__ == "__main__":
    main()
