"""What changed from one view to the next: the sections that differ, and the lines of the sale one by one."""

from typing import Any, cast

from terminal.ui.frame_types import ChangesFrame, LineChanges
from terminal.ui.view_types import LineView, View

_OWN_WAY = frozenset({"revision", "sale"})


def changes(before: View, after: View) -> ChangesFrame | None:
    """Return what turns one view into the other, None when they are the same."""
    sections: dict[str, Any] = {
        name: value
        for name, value in after.items()
        if name not in _OWN_WAY and before[name] != value  # type: ignore[literal-required]
    }
    if (head := _head(after)) != _head(before):
        sections["sale"] = head
    frame: ChangesFrame = {"type": "changes", "revision": after["revision"], "sections": sections}
    if after["sale"] is not None and (lines := _line_changes(_lines(before), after["sale"]["lines"])):
        frame["lines"] = lines
    return frame if sections or "lines" in frame or before["revision"] != after["revision"] else None


def for_customers(view: View) -> View:
    """Return the view without what is none of a customer's business: people, devices, paper, notices, cash."""
    hidden: View = {
        **view,
        "operator": None,
        "operators": [],
        "session": None,
        "devices": [],
        "prints": [],
        "notices": [],
        "last_z": None,
    }
    return hidden


def _head(view: View) -> dict[str, Any] | None:
    """Return the sale without its lines."""
    sale = view["sale"]
    return None if sale is None else {name: value for name, value in sale.items() if name != "lines"}


def _lines(view: View) -> list[LineView]:
    return [] if view["sale"] is None else view["sale"]["lines"]


def _line_changes(before: list[LineView], after: list[LineView]) -> LineChanges | None:
    """Return the lines that went, and those that are not what the ones that stay become by moving up."""
    if before == after:
        return None
    here = {line["id"] for line in after}
    staying = [line for line in before if line["id"] in here]
    moved = {line["id"]: {**line, "position": place} for place, line in enumerate(staying, 1)}
    new = [line for line in after if moved.get(line["id"]) != cast("dict[str, Any]", line)]
    return {"removed": [line["id"] for line in before if line["id"] not in here], "set": new}
