"""What the documents say is so: settings, options, commands, links, and the ledger check."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from typing import TYPE_CHECKING, get_args

import pytest
import typer
from pydantic import BaseModel

from central.__main__ import app as central_app
from central.config import CentralConfig
from central.db.metadata import metadata
from central.tills.api import add_routes
from central.web.states import STATE_TEXTS
from commerce.bodies.alarm import AlarmCode
from terminal.__main__ import app as till_app
from terminal.config import TillConfig
from terminal.devices.blocking_links import SerialSettings, UsbSettings
from terminal.devices.printer.pace import PrinterTimeouts
from terminal.devices.printer.profiles import PROFILES, PrinterProfile
from terminal.devices.registry import CARD_READERS, FISCAL_REGISTERS, RECEIPT_PRINTERS, SCANNERS
from terminal.devices.scanner.decoder import DecoderSettings
from terminal.ui.routes import ROUTES
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
OPERATIONS = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
API = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
LEDGER = (PROJECT / "docs" / "ledger.md").read_text(encoding="utf-8")
ARCHITECTURE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def keys_of(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every key of a settings file, dotted."""
    for name, field in model.model_fields.items():
        parts = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        inner = next((part for part in parts if issubclass(part, BaseModel)), None)
        if inner is None or before or name == "devices":
            yield f"{before}{name}"
        if inner:
            yield from keys_of(inner, f"{before}{name}.")


def table_keys(heading: str) -> set[str]:
    """The keys in the first column of the first table under a heading."""
    section = OPERATIONS.split(f"## {heading}\n", 1)[1].split("\n#", 1)[0]
    return set(re.findall(r"^\| `([a-z_.]+)` \|", section, re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "model"),
    [("Settings of a till: till.toml", TillConfig), ("Settings of central: central.toml", CentralConfig)],
)
def test_every_setting_is_documented_and_nothing_else(heading: str, model: type[BaseModel]) -> None:
    assert table_keys(heading) == set(keys_of(model)) - {"devices"}


def test_every_driver_and_printer_model_is_documented() -> None:
    names = [*SCANNERS, *RECEIPT_PRINTERS, *FISCAL_REGISTERS, *CARD_READERS, *PROFILES]

    assert [name for name in names if f"`{name}`" not in OPERATIONS] == []


@pytest.mark.parametrize(
    "settings",
    [DecoderSettings, PrinterProfile, PrinterTimeouts, SerialSettings, UsbSettings],
    ids=lambda s: s.__name__,
)
def test_every_option_of_a_device_is_documented(settings: type) -> None:
    names = {field.name for field in dataclasses.fields(settings)} - {"name"}

    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


def test_defaults_of_scanner_options_are_what_the_table_says() -> None:
    said = dict(re.findall(r"^\| `([a-z_0-9]+)`[^|]*\| `([^`]+)` \|", OPERATIONS, re.MULTILINE))
    defaults = dataclasses.asdict(DecoderSettings())

    told = {name: tomllib.loads(f"x = {said[name]}")["x"] for name in defaults if name in said}

    assert len(told) >= 8
    assert told == {name: defaults[name] for name in told}


def commands_of(program: str, app: typer.Typer) -> Iterator[str]:
    """Every command with its words."""

    def walk(words: str, command: object) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if not inner:
            yield words
        for name, one in (inner or {}).items():
            yield from walk(f"{words} {name}", one)

    yield from walk(program, typer.main.get_command(app))


def test_every_command_is_documented_and_no_other() -> None:
    section = OPERATIONS.split("## Commands\n", 1)[1].split("\n## ", 1)[0]

    told = set(re.findall(r"^\| `((?:till|central) [a-z- ]+)` \|", section, re.MULTILINE))

    assert told == {*commands_of("till", till_app), *commands_of("central", central_app)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_examples_of_settings_are_accepted(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^ {4}[^\n]*\n|^\n)+", text, re.MULTILINE)
    examples = [tomllib.loads(block) for block in blocks if "driver = " in block]

    assert examples
    for example in examples:
        TillConfig.model_validate({"data_dir": "d", **example})


def test_every_address_of_the_wire_is_documented() -> None:
    from aiohttp import web

    app = web.Application()
    add_routes(app)
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }

    assert {route for route in served if f"`{route}`" not in API} == set()


def test_every_act_of_the_till_is_in_the_architecture() -> None:
    served = [route.path for route in ROUTES if "/" in route.path]

    assert [path for path in served if re.sub(r"\{number\}", "<n>", path) not in ARCHITECTURE] == []


def test_the_check_with_other_tools_works_as_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    block = LEDGER[LEDGER.index("    import hashlib, json, pathlib") :].split("\n\nAn order in which", 1)[0]
    code = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    monkeypatch.chdir(PROJECT)
    names: dict[str, object] = {}

    exec(code, names)  # noqa: S102 - the document's own example

    assert names["previous"] != "00" * 32


def test_every_table_is_in_the_architecture() -> None:
    schemas = [*PROJECT.glob("terminal/db/migrations/*.sql"), PROJECT / "commerce" / "catalog_schema.py"]
    texts = "".join(path.read_text(encoding="utf-8") for path in schemas)
    names = {*re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", texts), *metadata.tables}

    assert len(names) > 35
    assert {name for name in names if f"`{name}`" not in ARCHITECTURE} == set()


@pytest.mark.parametrize(
    ("folder", "begins", "ends"),
    [("commerce", "\n## commerce/\n", "\n## The till\n"), ("terminal/services", "\n### The register", "\n### HTTP")],
    ids=["commerce", "services"],
)
def test_every_module_has_its_place_in_the_architecture(folder: str, begins: str, ends: str) -> None:
    section = ARCHITECTURE.split(begins, 1)[1].split(ends, 1)[0]
    told = {word for names in re.findall(r"`([^`\n]+)`", section) for word in re.findall(r"\w+", names)}
    modules = {path.stem for path in (PROJECT / folder).glob("*.py")} - {"__init__"}

    assert len(modules) > 20
    assert modules - told == set()


def test_no_change_is_told_twice() -> None:
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    for version in changes.split("\n## ")[1:]:
        headings = re.findall(r"^- \*\*(.+?)\*\*", version, re.MULTILINE)

        assert headings
        assert sorted(headings) == sorted(set(headings))


def test_every_decision_is_in_the_index_under_its_own_title() -> None:
    folder = PROJECT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in folder.glob("0*.md")}

    listed = dict(re.findall(r"^- \[\d+\]\((\S+)\) (.+)$", index, re.MULTILINE))

    assert listed == {name: re.sub(r"^# \d+\.? ", "", title) for name, title in titles.items()}


def test_every_alarm_has_its_sentence_at_head_office() -> None:
    assert [code for code in AlarmCode if f"alarm.{code.value}" not in STATE_TEXTS] == []
