"""Fetches what pages are made of by lock file and copies what is served: head office's parts, and the typeface of both.

A till shows the system's letters where the typeface was not fetched; a wheel carries it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "central" / "web" / "static" / "vendor"
FONT = ROOT / "commerce" / "look" / "files" / "font"
LETTERS = {
    "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2": "figtree-latin.woff2",
    "@fontsource-variable/figtree/LICENSE": "LICENSE",
}
SERVED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
}


def main() -> None:
    """Bring node_modules and the served copies in line with package-lock.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what only checks and tests use")
    fetch(with_dev=parser.parse_args().dev)
    copy_served(MODULES, VENDOR, SERVED)
    copy_served(MODULES, FONT, LETTERS)
    places = f"{VENDOR.relative_to(ROOT)}, the typeface in {FONT.relative_to(ROOT)}"
    print(f"Page files: {len(SERVED)} are in {places}.", flush=True)


def fetch(*, with_dev: bool) -> None:
    """Run `npm ci` unless the last one fetched the same."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".fetched"
    fetched = stamp.read_text() if stamp.exists() else ""
    if fetched == f"{lock} dev" or (fetched == f"{lock} served" and not with_dev):
        return
    print("Page files: fetching by package-lock.json with npm; this takes about ten seconds.", flush=True)
    omit = () if with_dev else ("--omit=dev",)
    command = [find_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", *omit]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        print(done.stderr.strip()[-1500:], file=sys.stderr)
        sys.exit("Cannot go on: npm could not fetch the page files (see above); is its registry reachable?")
    stamp.write_text(f"{lock} {'dev' if with_dev else 'served'}")


def copy_served(modules: Path, vendor: Path, served: dict[str, str]) -> None:
    """Replace the served copies by those of node_modules."""
    shutil.rmtree(vendor, ignore_errors=True)
    for source, target in served.items():
        (vendor / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, vendor / target)


def find_npm() -> str:
    """Return the system's npm where Node is complete, else the one of the environment."""
    own = Path(sys.executable).parent / "npm"
    if shutil.which("node") and (system := shutil.which("npm")):
        return system
    if own.exists():
        return str(own)
    sys.exit("Cannot go on: npm is missing; run `make env`, which brings it.")


def environment() -> dict[str, str]:
    """Let npm find the environment's node where the system has none."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    return {**os.environ, "PATH": path}


if __name__ == "__main__":
    main()
