"""Build step of the wheel: texts are compiled, and a wheel without its vendored page files is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling looks for any subclass
    """Compiles the catalogues and checks that the pages are whole."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before files are collected; `version` is "editable" for a linked environment."""
        root = Path(self.root)
        for source in (root / "commerce" / "texts" / "locale").rglob("*.po"):
            with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
                write_mo(mo, read_po(po))
        vendor = root / "central" / "web" / "static" / "vendor"
        if version != "editable" and not any(vendor.rglob("*.css")):
            message = "central/web/static/vendor is empty: run `make wheel`, which fetches the page files first."
            raise RuntimeError(message)
