"""Keeps registries' addresses and paths of somebody's machine out of what is published."""

from __future__ import annotations

import re

from tools.source import Fault, apply_rule, project_files

FOREIGN = {
    "a registry's address": re.compile(
        r"registry[.]npmjs|registry[.]yarnpkg|files[.]pythonhosted|pypi[.](?:org|python[.]org)/(?:simple|packages)"
        r"|^\s*-{1,2}(?:extra-)?(?:index-url|find-links)\b|^\s*-[if]\s+\S|\"resolved\"\s*:|@ (?:file|https?)://",
        re.MULTILINE,
    ),
    "a path of somebody's machine": re.compile(
        r"(?<![\w.$}~-])/(?:home/[a-z][\w-]*|Users/\w+|root|work|mnt)/[\w.-]|[A-Z]:\\\\Users\\\\"
    ),
}


def main() -> list[Fault]:
    """Check the whole project."""
    return apply_rule(faults, project_files())


def faults(path: str, source: str) -> list[Fault]:
    """Return where one file names such a thing."""
    kinds = FOREIGN.items()
    found = [(what, match) for what, pattern in kinds for match in pattern.finditer(source)]
    return [Fault(path, source.count("\n", 0, match.start()) + 1, what) for what, match in found]
