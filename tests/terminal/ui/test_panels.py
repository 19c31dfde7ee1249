"""Panels describe themselves: a new one is a file of its own and a line of the index."""

from __future__ import annotations

import re

from tests.terminal.ui.page_node import STATIC

OF_ANOTHER = re.compile(r"\bname(?::| ===?| !==?) \"(\w+)\"")
DESCRIBED = re.compile(r"^describePanel\(\{\s*name: \"(\w+)\"", re.MULTILINE)
# Where the page is when nothing is open, where paying goes on, and what any act may ask before or after it.
OF_THE_PAGE = {"panels.js": {"search", "pay"}, "acts.js": {"approval", "sure"}}


def described() -> dict[str, list[str]]:
    """The panels that each component describes."""
    found = {path.name: DESCRIBED.findall(path.read_text("utf-8")) for path in (STATIC / "components").glob("*.js")}
    return {name: panels for name, panels in found.items() if panels}


def test_nothing_outside_its_own_component_knows_a_panel_by_name() -> None:
    panels = {panel for names in described().values() for panel in names}

    shell = [path for path in STATIC.glob("*.js") if path.name != "types.js"]  # which has no code
    named = {path.name: panels & set(OF_ANOTHER.findall(path.read_text("utf-8"))) for path in shell}

    assert len(panels) > 10
    assert {name: found for name, found in named.items() if found} == OF_THE_PAGE


def test_every_component_that_describes_a_panel_is_in_the_index_and_no_two_take_one_name() -> None:
    index = (STATIC / "components" / "index.js").read_text("utf-8")
    panels = [panel for names in described().values() for panel in names]

    assert [name for name in described() if f'import "./{name}"\n' not in index] == []
    assert len(set(panels)) == len(panels)
