"""Prepares .venv from the lock, with nothing but Python and pip: the first step on a fresh machine."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / ".installed-lock"
OLDEST = (3, 11)


def main() -> None:
    """Make .venv agree with the lock, or say in one sentence why it cannot."""
    if sys.version_info < OLDEST:
        fail("Python 3.11 or newer is needed; set PYTHON=/path/to/a/newer/python3.")
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and suitable(VENV / "bin" / "python"):
        say("Environment: .venv is up to date.")
        return
    make_environment()
    install_lock()
    install_project()
    STAMP.write_text(wanted)
    say("Environment: .venv is ready.")


def say(sentence: str) -> None:
    """Tell the person what happens now."""
    print(sentence, flush=True)


def fail(sentence: str) -> None:
    """End with one plain sentence."""
    sys.exit(f"Cannot go on: {sentence}")


def suitable(python: Path) -> bool:
    """Tell whether an environment's Python starts and is new enough."""
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    """Create .venv, or keep one that serves; pip is added where it is missing."""
    if not suitable(VENV / "bin" / "python"):
        say(f"Environment: creating .venv with Python {sys.version.split()[0]}.")
        create_venv()
    if python("-m", "pip", "--version", quiet=True) != 0 and python("-m", "ensurepip", quiet=True) != 0:
        fail("the environment in .venv has no pip and cannot get one; remove .venv and run this again.")


def create_venv() -> None:
    """Create an environment with pip; Debian ships the part that brings pip in a package of its own."""
    if not has_ensurepip():
        fail("this Python cannot create environments; install the package python3-venv and run this again.")
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, SystemExit, ImportError, OSError) as reason:
        fail(f"Python could not create an environment in .venv ({reason}).")


def has_ensurepip() -> bool:
    """Tell whether this Python can bring pip; a leftover empty folder of it does not count."""
    found = importlib.util.find_spec("ensurepip")
    return found is not None and found.origin is not None


def install_lock() -> None:
    """Install exactly what the lock names, each file checked against its hash."""
    packages = sum(1 for line in LOCK.read_text().splitlines() if "==" in line and not line.startswith(" "))
    say(f"Environment: installing {packages} locked packages; the first time takes a minute or two.")
    options = ("--require-hashes", "--disable-pip-version-check", "--progress-bar", "off", "-r", str(LOCK))
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as pip:
        for line in pip.stdout or ():
            if line.startswith(("Collecting", "Downloading", "Installing", "  Downloading")):
                say("  " + line.strip()[:110])
    if pip.returncode != 0:
        fail("the locked packages could not be installed (see above); is the package index reachable?")


def install_project() -> None:
    """Link the project itself into the environment, so that `till` and `central` are commands there."""
    say("Environment: linking the commands `till` and `central`.")
    options = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-q")
    if python("-m", "pip", "install", *options, "-e", str(ROOT)) != 0:
        fail("the project itself could not be linked into .venv (see above).")


def python(*arguments: str, quiet: bool = False) -> int:
    """Run the environment's Python and return its exit code."""
    command = [str(VENV / "bin" / "python"), *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=quiet).returncode


if __name__ == "__main__":
    main()
