"""Fixtures that several packages' tests use, and the last lines of a run: what this machine lacked."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.postgres import PostgresServer, find_binaries
from tests.prerequisites import MARK, missing
from tests.shared_data import PROJECT, shared_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET_BROWSER = ("--disable-background-networking", "--disable-component-update", "--disable-default-apps",
                 "--disable-sync", "--no-first-run", "--disable-dev-shm-usage", "--mute-audio")  # fmt: skip
LACKED: pytest.StashKey[Counter[str]] = pytest.StashKey()

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("suite"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Take back what a command that ran inside a test did to the logs: its output is closed after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data."""
    return shared_path()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL; each test worker has its own."""
    binaries = find_binaries()
    if binaries is None:
        missing("PostgreSQL", "install the package postgresql")
    server = PostgresServer(binaries)
    yield server
    server.stop()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases and returns their addresses (postgresql://…); they go when the test ends."""
    names: list[str] = []

    def create() -> str:
        names.append(postgres_server.create_database())
        return postgres_server.url(names[-1])

    yield create
    for name in names:
        postgres_server.drop_database(name)


@pytest.fixture
def postgres_url(postgres_database: Callable[[], str]) -> str:
    """The address of one fresh empty database."""
    return postgres_database()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium of the system, driven through playwright's async API."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        missing("Chromium", "install the package chromium")
    from playwright.async_api import async_playwright  # 0.3 s that only browser tests should pay

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=[*QUIET_BROWSER, *sandbox])
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The script of axe, to be run in a page that a browser test checks for accessibility."""
    script = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        missing("axe", "run make test, which fetches it")
    return script.read_text(encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing lacking."""
    config.stash[LACKED] = Counter()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Collect why tests were skipped."""
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        config.stash[LACKED][reason.removeprefix("Skipped: ")] += 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say last of all which prerequisites were missing and what was not tested for it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    lacked = config.stash.get(LACKED, Counter())
    if reporter is None or hasattr(config, "workerinput"):
        return
    if not lacked and config.option.collectonly is False:
        reporter.write_line("Nothing was missing on this machine: no test was skipped.")
    for reason, count in sorted(lacked.items()):
        reporter.write_line(f"Skipped {count} test{'s'[: count != 1]}: {reason.removeprefix(MARK)}.")
