"""What the command ``central`` asks of the person who typed it, and what it says: words, progress, reports, the log."""

import logging
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog
import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from central.identity.people import Actor, at_command_line
from central.registry.findings import finding_text, write_findings
from central.registry.importing import ImportReport
from commerce.errors import PosError, StorageError
from commerce.texts import N_, Translator, translator
from commerce.texts.errors import error_text

STAGES = {"reading": N_("Reading"), "publishing": N_("Publishing")}


def ask_password() -> str:
    """Take the password from where a script puts it, or ask for it twice on the terminal."""
    given = os.environ.get("CENTRAL_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def print_report(report: ImportReport, errors: Path) -> None:
    """Say what an import found and did; findings are listed in a file as well."""
    words = words_of_person()
    t = words.t
    for finding in report.findings:
        kind = t("left out") if finding.is_error else t("note")
        place = t("row {row}", row=finding.row)
        typer.echo(f"{place}: {kind} {finding.code}: {finding_text(words, finding)}")
    if report.findings:
        try:
            typer.echo(t("Listed in {path}", path=write_findings(errors, report.findings, words)))
        except StorageError:  # what was found stands above
            typer.echo(t("{path} cannot be written: what was found is listed above only.", path=errors), err=True)
    counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    found = {"errors": report.errors, "notes": report.warnings}
    typer.echo(
        words.tn(
            "{count} row: {added} added, {changed} changed, {unchanged} unchanged, {errors} left out, notes: {notes}",
            "{count} rows: {added} added, {changed} changed, {unchanged} unchanged, {errors} left out, notes: {notes}",
            report.rows,
            **counts,
            **found,
        )
    )
    typer.echo(
        words.tn(
            "Written in {count} transaction of at most {most} rows.",
            "Written in {count} transactions of at most {most} rows.",
            report.transactions,
            most=report.longest_write,
        )
    )


def complain(error: PosError) -> None:
    """Say why it did not work, in the person's language."""
    typer.echo(f"central: {error_text(words_of_person(), error)} [{error.code}]", err=True)
    if isinstance(error, StorageError) and error.__cause__:
        typer.echo(f"  {str(error.__cause__).splitlines()[0]}", err=True)  # who set it up needs the driver's own words


def words_of_person() -> Translator:
    """Return the texts in the language of whoever typed the command."""
    wish = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "en")
    return translator(wish[:2])


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long act is; what it yields takes (done, of)."""
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show how far an act of several stages is; what it yields takes (stage, done, of)."""
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(words_of_person().t(STAGES[stage]), total=None)
            bar.update(tasks[stage], completed=done, total=of or None)

        yield told


def who() -> Actor:
    """Return who typed the command, as the system knows them; who became root by sudo is named too."""
    user = _system_user(os.getuid())
    behind = os.environ.get("SUDO_UID", "") if os.getuid() == 0 else ""  # anybody else could invent it
    return at_command_line(f"{user} for {_system_user(int(behind))}" if behind.isdecimal() else user)


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def set_up_logging(level: str) -> None:
    """Write the log to standard error, from this level on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.basicConfig(level=number, stream=sys.stderr, format="%(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _system_user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return f"uid {number}"
