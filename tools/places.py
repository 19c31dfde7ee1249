"""The places where a thing may happen, and nowhere else: SQL, tasks, rounding, bodies of entries, an area's tables.

`commerce/catalog_schema.py` is a file format that central writes and the till opens: it stands where both meet.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tools.source import Fault, apply_rule, docstrings, imported, name_of, parse, project_files

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("commerce/", "terminal/", "central/")
SQL_PLACES = re.compile(
    r"commerce/catalog_schema\.py\Z|terminal/db/|central/db/"
    r"|central/(?!web/)\w+/(?!(?:service|api|pages)\.py)\w+\.py\Z"
)
TASK_PLACES = ("terminal/runtime.py", "central/runtime.py", "commerce/door.py")  # the door: a handshake, as short as it
ROUNDING_PLACES = ("commerce/money.py",)
SQL_TEXT = re.compile(
    r"\s*(?:SELECT\b.+|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|PRAGMA\s+\w|ATTACH\s"
    r"|(?:CREATE|DROP|ALTER)\s+(?:UNIQUE\s+|TEMP\s+)?(?:TABLE|INDEX|TRIGGER|VIEW|DATABASE)\b|BEGIN\s+IMMEDIATE\b|COMMIT\Z)",
    re.DOTALL,
)
DATABASE_MODULES = {"sqlite3", "aiosqlite", "asyncpg", "psycopg", "sqlalchemy", "alembic"}
HANDLES = {"Connection", "Engine", "Row", "RowMapping", "AsyncConnection", "AsyncEngine"}  # passed on, no SQL
STARTERS = {"create_task", "TaskGroup", "ensure_future", "run_coroutine_threadsafe"}
ROUNDERS = {"quantize", "round"}
BODY_PLACES = re.compile(r"commerce/(?:bodies/|ledger\.py\Z)")
PARSERS = {"loads", "parse_canonical"}
BODIES = re.compile(r"(?:\w+_)?(?:body|bodies|genesis)\Z")
PARTS = re.compile(r"(?:\w+_)?(?:body|bodies|genesis|header)\Z")


def main() -> list[Fault]:
    """Check the whole project."""
    return apply_rule(faults, project_files())


def faults(path: str, source: str) -> list[Fault]:
    """Return where one file does what belongs elsewhere."""
    tree = parse(path, source) if path.startswith(PACKAGES) else None
    if tree is None:
        return []
    checks = (_sql, _tasks, _rounding, _raw_bodies, _foreign_tables)
    found = {fault for check in checks for fault in check(path, tree)}
    return sorted(Fault(path, line, text) for line, text in found)


def _sql(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if SQL_PLACES.match(path):
        return
    silent = docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if SQL_TEXT.match(node.value):
            yield node.lineno, "SQL outside db/ and an area's own modules for it"
    for statement, module in imported(tree):
        top = module.split(".")[0]
        if top in DATABASE_MODULES and not _brings_only_handles(statement):
            yield statement.lineno, f"{top} outside db/ and an area's own modules for it"


def _brings_only_handles(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and {alias.name for alias in statement.names} <= HANDLES


def _tasks(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in STARTERS and path not in TASK_PLACES:
            yield node.lineno, f"{name_of(node.func)} outside runtime.py"


def _rounding(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in ROUNDERS and path not in ROUNDING_PLACES:
            yield node.lineno, f"{name_of(node.func)} outside commerce/money.py"


def _raw_bodies(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What an entry says is read by its class alone: a key spelled elsewhere belongs to no version."""
    if BODY_PLACES.match(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in PARSERS and _is_about(PARTS, *_parts(node.args)):
            yield node.lineno, "a part of an entry parsed outside commerce/bodies: use read or read_body"
        if isinstance(node, ast.expr) and _reads_key(node):
            yield node.lineno, "a key of an entry's body read outside commerce/bodies: use its class"


def _reads_key(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return _is_text(node.slice) and _is_about(BODIES, node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return _is_text(node.args[0]) and _is_about(BODIES, node.func.value)
    return False


def _parts(nodes: list[ast.expr]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def _is_about(names: re.Pattern[str], *nodes: ast.AST) -> bool:
    said = [node.id if isinstance(node, ast.Name) else getattr(node, "attr", "") for node in nodes]
    return any(names.match(name) for name in said)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _foreign_tables(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    area = re.match(r"central/(\w+)/", path)
    if area is None or area[1] == "db":
        return
    for statement, module in imported(tree):
        reached = re.match(r"central\.(\w+)\.(?:tables|queries)\b", module)
        if reached and reached[1] not in {area[1], "db"}:
            yield statement.lineno, f"reaches into the tables of {reached[1]}: use its service"
