"""The page's own modules, run by the environment's node: the very code that a browser runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

STATIC = Path(__file__).parents[3] / "terminal" / "ui" / "static"
SCRIPT = """
import { createInterface } from "node:readline"
const module = await import(process.argv[1])
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(module[process.argv[2]](...JSON.parse(line))))
"""


class PageFunction:
    """A function that a module of the page exports; arguments and result travel as JSON."""

    def __init__(self, module: str, name: str) -> None:
        node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node") or "node"
        arguments = [node, "--no-warnings", "--input-type=module", "-e", SCRIPT, (STATIC / module).as_uri(), name]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Call it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
