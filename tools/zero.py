"""The zero rule: a number of money, quantity or weight is not tested by being true, because 0 is a value.

``amount or other`` takes the other for an amount of 0. Ask ``is None`` where nothing is meant. The rule looks at every
operand of an ``or`` but the last, and at what a conditional expression hands on when its own test is the number.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tools.source import Fault, apply_rule, name_of, parse, project_files

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("commerce/", "terminal/", "central/", "bench/", "tools/")
NUMBER_WORD = re.compile(
    r"(?:^|_)(?:cents|kg|kilograms?|price|amount|total|quantity|weight|taxable|step|rounding|change_due|due)\Z"
)


def main() -> list[Fault]:
    """Check the whole project."""
    return apply_rule(faults, project_files())


def faults(path: str, source: str) -> list[Fault]:
    """Return where one file breaks the rule."""
    if not path.startswith(PACKAGES):
        return []
    tree = parse(path, source)
    if tree is None:
        return []
    return sorted({Fault(path, node.lineno, f"`{name}` is 0 or missing? ask `is None`") for node, name in _found(tree)})


def _found(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        tested: list[ast.expr] = []
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            tested = node.values[:-1]
        elif isinstance(node, ast.IfExp) and _number(node.test) and _number(node.test) == _number(node.body):
            tested = [node.test]
        yield from ((each, name) for each in tested if (name := _number(each)))


def _number(node: ast.expr) -> str:
    """Return the name of a number that is tested as it is, and not compared."""
    if isinstance(node, ast.UnaryOp | ast.Compare | ast.BoolOp):
        return ""
    name = _key_of(node) or name_of(node.func if isinstance(node, ast.Call) else node) or ""
    return name if NUMBER_WORD.search(name) else ""


def _key_of(node: ast.expr) -> str:
    """Return the key of ``row["price"]`` and ``row.get("price")``."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
            return key
        case ast.NamedExpr(target=ast.Name(id=name)):
            return name
    return ""
