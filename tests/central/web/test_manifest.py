"""Each area declares once what it brings, and all who need it read it there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from central.app import AREAS, KINDS, SERVED, build
from central.config import CentralConfig, read_config
from central.registry.manifest import REGISTRY
from central.sales.manifest import SELLING
from central.web.keys import RIGHTS
from central.web.manifest import Manifest, TwiceDeclaredError, declare
from central.web.navigation import Section, sections_of
from tests.central.office import Clock
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ARCHITECTURE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
COLUMNS = ("rights", "sections", "kinds", "jobs", "readers")


def names(things: Iterable[object]) -> set[str]:
    return {one if isinstance(one, str) else one.name for one in things}  # type: ignore[attr-defined]


def test_the_documents_tell_what_each_area_declares() -> None:
    table = ARCHITECTURE.split("### Areas\n", 1)[1].split("\n### ", 1)[0]
    rows = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("| `")]
    told = {cells[0].strip(" `"): [set(re.findall(r"`([^`]+)`", cell)) for cell in cells[1:]] for cells in rows}

    declared = {area.name: [names(getattr(area, column)) for column in COLUMNS] for area in AREAS}

    assert {name: [*cells, *[set()] * (len(COLUMNS) - len(cells))] for name, cells in told.items()} == declared


def test_roles_and_navigation_know_what_areas_declare_and_nothing_else() -> None:
    app, later = web.Application(), Section("later", "/later", "Later", "x", 5)

    declare(app, (Manifest(name="later", rights=SELLING.rights, sections=(*SELLING.sections, later)),))

    assert app[RIGHTS] == list(SELLING.rights)
    assert [section.name for section in sections_of(app)] == ["later", "today", "sales"]


async def test_every_declared_job_and_reader_has_whoever_does_it(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text('data_dir = "data"\n[mail]\nhost = "mail.example"\nsender = "posta@bottega.example"\n', "utf-8")

    central = build(read_config(path), Clock())
    await central.database.close()

    done = {kind.name for runner in central.runners for kind in runner.handlers}
    assert done == {kind.name for area in SERVED for kind in area.jobs}
    assert sorted(reader.name for reader in central.readers) == sorted(n for area in AREAS for n in area.readers)
    assert {one.kind.name for one in central.schedules} <= done


@pytest.mark.parametrize("other", [
    Manifest(name="registry"),
    Manifest(name="other", rights=REGISTRY.rights[:1]),
    Manifest(name="other", sections=(replace(REGISTRY.sections[0], key="x"),)),
    Manifest(name="other", sections=(replace(REGISTRY.sections[0], name="x"),)),
    Manifest(name="other", kinds=REGISTRY.kinds[:1]),
])  # fmt: skip
def test_two_areas_that_declare_the_same_stop_the_start(other: Manifest) -> None:
    with pytest.raises(TwiceDeclaredError):
        declare(web.Application(), (replace(REGISTRY, pages=(), api=()), other))


def test_settings_that_areas_name_are_there() -> None:
    assert {name for area in AREAS for name in area.settings} <= CentralConfig.model_fields.keys()


def test_the_kinds_of_central_are_those_of_its_areas() -> None:
    assert [*KINDS] == [kind for area in AREAS for kind in area.kinds]
    assert len(KINDS) >= len(REGISTRY.kinds) > 0
