"""The no-float rule: nothing binary and inexact comes near money, prices, quantities or rates.

In `commerce/` there is no float at all and no true division of numbers. Elsewhere a name that speaks of money may not
meet a float: no literal, no annotation, no `float(…)`; no column of an inexact type anywhere.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tools.source import Fault, apply_rule, name_of, parse, project_files

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("commerce/", "terminal/", "central/", "bench/", "tools/")
NUMBERS_EXCEPT = ("commerce/texts/",)  # joins paths with `/`
MONEY_WORD = re.compile(
    r"(?:^|_)(?:cents?|prices?|amounts?|totals?|quantit(?:y|ies)|rates?|taxable|tax)(?:_|$)", re.IGNORECASE
)
DIVIDED_WORD = re.compile(r"(?:^|_)(?:cents?|prices?|amounts?|quantit(?:y|ies)|taxable|tax)(?:_|$)", re.IGNORECASE)
ROUNDINGS = {"round_half_up"}
TIME_NAME = re.compile(r"_(?:s|ms|us|ns|hz|per_s|per_second)\Z")
INEXACT_TYPES = {"Float", "Numeric", "REAL", "Double", "DOUBLE", "DOUBLE_PRECISION", "FLOAT", "NUMERIC"}
INEXACT_COLUMN = re.compile(r"^\s*\w+\s+(?:REAL|FLOAT|DOUBLE|NUMERIC|DECIMAL)\b", re.IGNORECASE | re.MULTILINE)


def main() -> list[Fault]:
    """Check the whole project."""
    return apply_rule(faults, project_files())


def faults(path: str, source: str) -> list[Fault]:
    """Return where one file breaks the rule."""
    if not path.startswith(PACKAGES):
        return []
    if path.endswith(".sql"):
        return [
            Fault(path, source.count("\n", 0, found.end()) + 1, "column of an inexact type")
            for found in INEXACT_COLUMN.finditer(source)
        ]
    tree = parse(path, source)
    if tree is None:
        return []
    strict = path.startswith("commerce/") and not path.startswith(NUMBERS_EXCEPT)
    found = {*_anywhere(tree), *(_in_commerce(tree) if strict else ())}
    return sorted(Fault(path, line, text) for line, text in found)


def _in_commerce(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find every float and every true division."""
    rounded = _rounded_at_once(tree)
    tested = {id(inner) for node in ast.walk(tree) if _refuses_by_type(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float" and id(node) not in tested:
            yield node.lineno, "float in the law of trade"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"float literal {node.value} in the law of trade"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and id(node) not in rounded:
            yield node.lineno, "true division in the law of trade: use a named rounding of commerce.money"


def _refuses_by_type(node: ast.AST) -> bool:
    """`isinstance(value, float)` is how a float is refused."""
    return isinstance(node, ast.Call) and name_of(node.func) == "isinstance"


def _anywhere(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find money meeting a float, and inexact columns."""
    rounded = _rounded_at_once(tree)
    for node in ast.walk(tree):
        computed = () if id(node) in rounded else _computed(node)
        for text in (*_declared(node), *_given(node), *computed, *_stored(node)):
            yield getattr(node, "lineno", 1), text


def _rounded_at_once(tree: ast.Module) -> set[int]:
    """A quotient that goes straight into a named rounding is exact enough, and its types say Decimal."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node.func) in ROUNDINGS)
    return {id(call.args[0]) for call in calls if call.args}


def _declared(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.arg(arg=name, annotation=kind) | ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
            if _speaks_of_money(name) and _says_float(kind):
                yield f"{name} is annotated as float"
        case ast.FunctionDef(name=name, returns=kind) | ast.AsyncFunctionDef(name=name, returns=kind):
            if _speaks_of_money(name) and _says_float(kind):
                yield f"{name} returns a float"
            yield from (f"{name} has a float as its default" for name in _float_defaults(node.args))


def _float_defaults(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
    for argument, default in [*pairs, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        if _is_money(argument) and _is_float(default):
            yield argument.arg


def _given(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=[target, *_], value=value) | ast.AnnAssign(target=target, value=value):
            if _is_money(target) and _is_float(value):
                yield f"{name_of(target)} is given a float"
        case ast.keyword(arg=name, value=value) if _is_money(node) and _is_float(value):
            yield f"{name} is given a float"
        case ast.Call(func=ast.Name(id="float"), args=arguments):
            if any(_is_money(inner) for argument in arguments for inner in ast.walk(argument)):
                yield "money is turned into a float"


def _computed(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from _in_arithmetic(left, op, right)
        case ast.AugAssign(target=left, op=op, value=right):
            yield from _in_arithmetic(left, op, right)
        case ast.Compare(left=left, comparators=others):
            if any(map(_is_money, (left, *others))) and any(map(_is_float, (left, *others))):
                yield "money is compared with a float"


def _stored(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
        yield from (f"{a.name} columns are inexact on SQLite" for a in node.names if a.name in INEXACT_TYPES)
    if isinstance(node, ast.Attribute) and name_of(node.value) == "sa" and node.attr in INEXACT_TYPES:
        yield f"{node.attr} columns are inexact on SQLite"


def _in_arithmetic(left: ast.expr, op: ast.operator, right: ast.expr) -> Iterator[str]:
    pair = (left, right)
    if any(map(_is_money, pair)) and any(map(_is_float, pair)):
        yield "money meets a float"
    if isinstance(op, ast.Div) and any(_is_divided(side) for side in pair):
        yield "money is divided with `/`: use a named rounding of commerce.money"


def _is_money(node: ast.AST) -> bool:
    return _speaks_of_money(name_of(node))


def _speaks_of_money(name: str) -> bool:
    return bool(MONEY_WORD.search(name)) and not TIME_NAME.search(name)


def _is_divided(node: ast.AST) -> bool:
    name = name_of(node)
    return bool(DIVIDED_WORD.search(name)) and not TIME_NAME.search(name)


def _is_float(node: ast.AST | None) -> bool:
    match node:
        case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")):
            return True
        case ast.UnaryOp(operand=inner):
            return _is_float(inner)
        case _:
            return False


def _says_float(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return bool(re.search(r"\bfloat\b", annotation.value))
    return any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(annotation))
