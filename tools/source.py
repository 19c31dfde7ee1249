"""What the project's own rules share: a fault, the files they read, and small questions about syntax."""

from __future__ import annotations

import ast
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
BUILT = {"node_modules", "build", "dist", "demo-data", "vendor", "__pycache__"}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A place that breaks a rule, and how."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def project_files(root: Path = ROOT) -> list[str]:
    """Return every file that is, or would be, part of the project; without git, all that is not built."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = list(_walk(root))
    return sorted(path for path in listed if (root / path).is_file())


def _walk(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in BUILT and not name.startswith(".")]
        yield from (
            str((Path(folder) / file).relative_to(root)) for file in files if not file.endswith((".mo", ".pyc"))
        )


def apply_rule(rule: Callable[[str, str], list[Fault]], paths: list[str], root: Path = ROOT) -> list[Fault]:
    """Run a rule over the files that are text."""
    return sorted(fault for path in paths for fault in rule(path, read_text(root / path)))


def read_text(path: Path) -> str:
    """Return a file's text, nothing for one that is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def parse(path: str, source: str) -> ast.Module | None:
    """Parse a Python file; None for any other."""
    return ast.parse(source, path) if path.endswith(".py") else None


def name_of(node: ast.AST | None) -> str:
    """Return the last name of what an expression refers to: `total` of `self.sale.total`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.UnaryOp(operand=inner):
            return name_of(inner)
        case _:
            return ""


def docstrings(tree: ast.Module) -> set[int]:
    """Return the ids of the nodes that are docstrings or bare strings."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import statement outside `if TYPE_CHECKING` with the module names it brings."""
    skipped = {id(inner) for node in ast.walk(tree) if _is_typing_only(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def _is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING"
