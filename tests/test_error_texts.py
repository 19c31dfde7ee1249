"""Every error code that can reach a person has its sentence, in English and Italian."""

from __future__ import annotations

import ast
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from commerce.errors import PosError
from commerce.texts import translator
from commerce.texts.errors import ERROR_TEXTS, error_text
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("commerce", "terminal", "central")


@cache
def modules() -> dict[Path, ast.Module]:
    """Every source of the programs, parsed."""
    paths = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def error_classes() -> dict[str, str]:
    """PosError and what is derived from it, by name, with the code of one raised without any."""
    found, grown = {"PosError": "error"}, True
    while grown:
        grown = False
        for node in (node for tree in modules().values() for node in ast.walk(tree)):
            if isinstance(node, ast.ClassDef) and node.name not in found:
                bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in found]
                if bases:
                    found[node.name] = default_code(node) or found[bases[0]]
                    grown = True
    return found


def default_code(node: ast.ClassDef) -> str | None:
    """The class's own ``default_code``."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "default_code":
            return str(ast.literal_eval(statement.value))
    return None


def constants() -> dict[str, str]:
    """Texts that modules name in capitals."""
    found: dict[str, str] = {}
    for tree in modules().values():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                found |= {ast.unparse(target): str(node.value.value) for target in node.targets}
    return found


def codes_of(node: ast.expr, named: dict[str, str]) -> Iterator[str]:
    """The codes an expression can stand for, as far as the source alone says."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from codes_of(one, named)
            yield from codes_of(other, named)
        case ast.Name(id=name) if name in named and name.isupper():
            yield named[name]


@cache
def raised() -> dict[str, str]:
    """Each code that the sources can raise, with where."""
    named, classes, found = constants(), error_classes(), dict[str, str]()
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in classes:
                place = f"{path.relative_to(PROJECT)}:{node.lineno}"
                codes = list(codes_of(node.args[0], named)) if node.args else [classes[name]]
                found |= dict.fromkeys(codes, place)
    return found | dict.fromkeys(classes.values(), "a class's own")


def test_every_code_that_is_raised_has_a_sentence() -> None:
    missing = {code: place for code, place in raised().items() if code not in ERROR_TEXTS}

    assert len(raised()) > 150
    assert missing == {}


@pytest.mark.parametrize("code", sorted(ERROR_TEXTS))
def test_a_sentence_is_whole_in_both_languages(code: str) -> None:
    names = {name for _, name, _, _ in Formatter().parse(ERROR_TEXTS[code]) if name}
    error = PosError(code, **dict.fromkeys(names - {"code"}, "…"))

    english, italian = error_text(translator("en"), error), error_text(translator("it"), error)

    assert english != italian
    assert "?" not in {english[-1], italian[-1]}
    assert "{" not in english + italian


def test_every_reason_that_a_device_can_give_has_a_sentence() -> None:
    kinds = ("device.", "link.", "printer.", "scanner.", "fiscal.")
    named = {
        node.value: str(path.relative_to(PROJECT))
        for path, tree in modules().items()
        if "terminal/devices" in str(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(kinds)
        if node.value.replace(".", "").replace("_", "").isalpha()
    }

    assert len(named) > 15
    assert {code: place for code, place in named.items() if code not in ERROR_TEXTS} == {}
