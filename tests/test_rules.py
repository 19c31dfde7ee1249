"""Each of the project's own rules catches what it forbids and leaves alone what it allows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import PROJECT
from tools import clean_files, no_float, places, zero
from tools.source import project_files

FLOATS = {
    "a literal in commerce": ("commerce/vat.py", "HALF = 0.5\n"),
    "an annotation in commerce": ("commerce/vat.py", "def share(part: float) -> int: ...\n"),
    "a conversion in commerce": ("commerce/vat.py", "x = float('1')\n"),
    "a true division in commerce": ("commerce/vat.py", "def half(a: int) -> object:\n    return a / 2\n"),
    "a money argument": ("terminal/services/x.py", "def pay(total_cents: float) -> None: ...\n"),
    "an optional money argument": ("terminal/services/x.py", "def pay(price: float | None) -> None: ...\n"),
    "a quoted annotation": ("terminal/services/x.py", "def pay(price: 'float') -> None: ...\n"),
    "a money field": ("central/sales/x.py", "class Row:\n    amount: float\n"),
    "a money result": ("central/sales/x.py", "def unit_price() -> float: ...\n"),
    "a money value": ("central/sales/x.py", "vat_rate = 22.0\n"),
    "a negative money value": ("central/sales/x.py", "amount_due = -0.5\n"),
    "a money keyword": ("central/sales/x.py", "sell(quantity=1.5)\n"),
    "a money default": ("central/sales/x.py", "def sell(quantity=1.5): ...\n"),
    "a money keyword default": ("central/sales/x.py", "def sell(*, quantity=1.5): ...\n"),
    "money times a float": ("bench/x.py", "x = line.total_cents * 1.22\n"),
    "money added to a float": ("bench/x.py", "price += 0.1\n"),
    "money compared with a float": ("bench/x.py", "ok = total > 0.0\n"),
    "money turned into a float": ("tools/x.py", "x = float(row['a'] + row.amount)\n"),
    "money divided": ("terminal/ui/views.py", "shown = total_cents / 100\n"),
    "an inexact SQL column": ("terminal/db/migrations/0001.sql", "CREATE TABLE a (\n  price REAL\n)"),
    "an inexact SQLAlchemy column": ("central/sales/tables.py", "from sqlalchemy import Integer, Numeric\n"),
    "an inexact column by module": ("central/sales/tables.py", "import sqlalchemy as sa\nx = sa.Numeric\n"),
}
NO_FLOATS = {
    "whole cents": ("terminal/services/x.py", "def pay(total_cents: int) -> None: ...\n"),
    "seconds": ("terminal/services/x.py", "def wait(timeout_s: float = 0.5) -> float: ...\n"),
    "seconds of a total": ("bench/x.py", "total_s = 0.0\nmean_s = total_s / 3\n"),
    "a refusal by type": ("commerce/canonical.py", "def f(x: object) -> bool:\n    return isinstance(x, float)\n"),
    "whole division": ("commerce/money.py", "def half(cents: int) -> int:\n    return cents // 2\n"),
    "a quotient rounded by name": ("terminal/services/x.py", "from m import f\nx = round_half_up(price / weight, 8)\n"),
    "a quotient rounded in commerce": ("commerce/vat.py", "x = round_half_up(tax * rate / whole, 0)\n"),
    "a path": ("commerce/texts/__init__.py", "from pathlib import Path\nx = Path('a') / 'b'\n"),
    "an integer column": ("terminal/db/migrations/0001.sql", "CREATE TABLE a (\n  price_scaled INTEGER\n)"),
}
ZEROS = {
    "an amount or another": ("terminal/services/x.py", "x = label_cents or 0\n"),
    "an attribute or another": ("terminal/services/x.py", "x = found.quantity or Decimal(1)\n"),
    "the first of three": ("central/sales/x.py", "x = reading.net_weight_kg or count or 1\n"),
    "a key or another": ("central/sales/x.py", "x = row['price'] or None\n"),
    "a key that may be missing": ("terminal/db/x.py", "x = row.get('price') or ''\n"),
    "what a function returns": ("commerce/x.py", "x = line.unit_price() or fallback\n"),
    "in the middle of a condition": ("commerce/x.py", "if given_amount or is_free:\n    pass\n"),
    "a conditional that repeats it": ("commerce/x.py", "x = amount if amount else 5\n"),
}
NO_ZEROS = {
    "asking for None": ("terminal/services/x.py", "x = 0 if label_cents is None else label_cents\n"),
    "a comparison": ("terminal/services/x.py", "x = quantity == 0 or price < 0\n"),
    "the last of an or": ("terminal/services/x.py", "x = name or amount\n"),
    "a text": ("terminal/services/x.py", "x = names.get('it') or sku\n"),
    "several numbers": ("central/x.py", "x = prices or []\n"),
    "a test of being different from zero": ("commerce/x.py", "if not step or rounding_is_off:\n    pass\n"),
    "another package": ("tests/x.py", "x = amount or 1\n"),
}
MISPLACED = {
    "a body parsed by hand": ("terminal/services/x.py", "x = orjson.loads(entry.body)\n"),
    "a body from a row parsed by hand": ("central/tills/x.py", "x = parse_canonical(bytes(raw_body))\n"),
    "a header parsed by hand": ("central/tills/x.py", "x = json.loads(row.header)\n"),
    "a key of a body": ("terminal/ui/x.py", "total = receipt.body['settlement']\n"),
    "a key of a body that may lack": ("commerce/x.py", "total = body.get('total')\n"),
    "SQL in a service": ("terminal/services/x.py", "tx.fetch_one('SELECT a FROM b')\n"),
    "SQL in an f-string": ("central/sales/service.py", "q = f'INSERT INTO {table} VALUES (1)'\n"),
    "a database module in a service": ("terminal/services/x.py", "import sqlite3\n"),
    "sqlalchemy in a page": ("central/sales/pages.py", "from sqlalchemy import select\n"),
    "SQL in a page of central": ("central/web/x.py", "q = 'DELETE FROM sale'\n"),
    "a task in a service": ("terminal/services/x.py", "asyncio.create_task(run())\n"),
    "a task group in sync": ("terminal/sync/push.py", "group = asyncio.TaskGroup()\n"),
    "a task in a web module": ("central/web/x.py", "loop.create_task(run())\n"),
    "rounding in a service": ("terminal/services/x.py", "x = round(y, 2)\n"),
    "quantize in commerce": ("commerce/vat.py", "x = y.quantize(z)\n"),
    "another area's tables": ("central/sales/service.py", "from central.tills.tables import till\n"),
    "another area's queries": ("central/sales/service.py", "from central.tills import queries\n"),
}
IN_PLACE = {
    "bodies where they are read": ("commerce/bodies/x.py", "x = parse_canonical(encoded)\ny = body['total']\n"),
    "a body that is written": ("terminal/services/x.py", "body['total'] = 1\n"),
    "a journal": ("terminal/db/basket.py", "x = orjson.loads(row[0])['event']\n"),
    "SQL in the till's db": ("terminal/db/ledger.py", "import sqlite3\nq = 'SELECT a FROM b'\n"),
    "SQL in a projection": ("central/sales/projection.py", "q = 'DELETE FROM sale'\n"),
    "SQL in tables": ("central/sales/tables.py", "from sqlalchemy import Table\n"),
    "a type of sqlalchemy": (
        "central/sales/service.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sqlalchemy.ext.asyncio import AsyncConnection\n",
    ),
    "a connection that is passed on": ("central/sales/service.py", "from sqlalchemy import Connection, Row\n"),
    "an English sentence": ("terminal/ui/views.py", "N_('Select an item. Update the list, delete from the sale.')\n"),
    "a docstring on SQL": ("terminal/services/x.py", "'''SELECT a FROM b is elsewhere.'''\n"),
    "tasks in the runtime": ("terminal/runtime.py", "async with asyncio.TaskGroup() as g:\n    g.create_task(x())\n"),
    "rounding in money": ("commerce/money.py", "x = y.quantize(z)\n"),
    "its own tables": ("central/sales/service.py", "from central.sales import tables\n"),
    "another area's service": ("central/sales/service.py", "from central.tills import service\n"),
}
SLASH = "/"
FOREIGN = {
    "an npm registry": ("package-lock.json", '"https://registry.' + 'npmjs.org/a.tgz"'),
    "an index in a lock": ("requirements.txt", "--index" + "-url https://example.org/simple"),
    "an extra index in a lock": ("requirements.txt", "a==1\n--extra-index" + "-url https://example.org/simple"),
    "a resolved address": ("package-lock.json", '"resol' + 'ved": "https://example.org/a.tgz"'),
    "a direct address": ("requirements.txt", "a @ " + "https://example.org/a.whl"),
    "a home folder": ("docs/a.md", f"see {SLASH}home{SLASH}anna{SLASH}cassaforte"),
    "root's folder": ("docs/a.md", f"see {SLASH}root{SLASH}x"),
}


@pytest.mark.parametrize(("path", "source"), FLOATS.values(), ids=FLOATS)
def test_a_planted_float_is_caught(path: str, source: str) -> None:
    assert no_float.faults(path, source)


@pytest.mark.parametrize(("path", "source"), NO_FLOATS.values(), ids=NO_FLOATS)
def test_what_is_no_money_float_is_left_alone(path: str, source: str) -> None:
    assert no_float.faults(path, source) == []


@pytest.mark.parametrize(("path", "source"), MISPLACED.values(), ids=MISPLACED)
def test_what_stands_in_the_wrong_place_is_caught(path: str, source: str) -> None:
    assert places.faults(path, source)


@pytest.mark.parametrize(("path", "source"), IN_PLACE.values(), ids=IN_PLACE)
def test_what_stands_in_its_place_is_left_alone(path: str, source: str) -> None:
    assert places.faults(path, source) == []


@pytest.mark.parametrize(("path", "source"), FOREIGN.values(), ids=FOREIGN)
def test_an_address_or_a_path_of_a_machine_is_caught(path: str, source: str) -> None:
    assert clean_files.faults(path, source)


def test_a_system_path_and_a_homepage_are_left_alone() -> None:
    assert clean_files.faults("README.md", "https://opencollective.com/x uses /usr/bin/chromium, ../shared/data") == []


def test_the_project_keeps_its_own_rules() -> None:
    found = [*no_float.main(), *places.main(), *clean_files.main()]

    assert [str(fault) for fault in found] == []


def test_without_git_the_same_files_are_read(tmp_path: Path) -> None:
    for name in ("commerce/a.py", "node_modules/b/c.js", ".venv/x.py", "commerce/__pycache__/a.pyc", "build/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    assert project_files(tmp_path) == ["commerce/a.py"]


IMPORTS = {
    "the law knows the till": ("commerce/planted.py", "import terminal.db", "law"),
    "central knows the till": ("central/planted.py", "import terminal.services", "apart"),
    "the till knows central": ("terminal/planted.py", "import central", "apart"),
    "a service knows the page": ("terminal/services/planted.py", "import terminal.ui", "till-layers"),
    "the page knows sync": ("terminal/ui/planted.py", "import terminal.sync", "till-layers"),
    "the database knows a service": ("terminal/db/planted.py", "import terminal.services", "till-layers"),
    "a service knows a driver": ("terminal/services/planted.py", "import terminal.devices.printer", "drivers"),
    "central's database knows an area": ("central/db/planted.py", "import central.tills", "central-layers"),
}


@pytest.mark.parametrize(("path", "source", "contract"), IMPORTS.values(), ids=IMPORTS)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, path: str, source: str, contract: str) -> None:
    copy_packages(tmp_path)
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(source + "\n")

    done = lint_imports(tmp_path, contract)

    assert done.returncode == 1, done.stderr
    assert f"{path.removesuffix('.py').replace('/', '.')} -> {source.split()[1]}" in done.stdout


def test_the_contracts_hold() -> None:
    done = lint_imports(PROJECT)

    assert done.returncode == 0, done.stdout + done.stderr


def copy_packages(target: Path) -> None:
    shutil.copy(PROJECT / "pyproject.toml", target)
    for package in ("commerce", "terminal", "central"):
        shutil.copytree(
            PROJECT / package, target / package, ignore=shutil.ignore_patterns("static", "*.mo", "__pycache__")
        )


def lint_imports(folder: Path, contract: str = "") -> subprocess.CompletedProcess[str]:
    chosen = ["--contract", contract] if contract else []
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache", *chosen]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("case", ZEROS)
def test_a_number_that_is_tested_by_being_true_is_found(case: str) -> None:
    assert len(zero.faults(*ZEROS[case])) == 1


@pytest.mark.parametrize("case", NO_ZEROS)
def test_what_asks_for_nothing_by_name_is_left_alone(case: str) -> None:
    assert zero.faults(*NO_ZEROS[case]) == []
