"""The command ``central``."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from central.app import Central, build
from central.config import read_config
from central.db.migrate import migrate
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import NewUser, add_user
from central.organisation.service import list_companies
from central.registry.findings import write_findings
from central.registry.founding import Founding, found_company
from central.registry.importing import ImportOptions, ImportRefusedError, ImportReport, import_items
from central.runtime import serve
from central.tills.rebuilding import rebuild as rebuild_projections
from central.tills.registering import add_till
from commerce.errors import BadInputError, PosError, StorageError
from commerce.money import PRICE_SCALE, parse_decimal
from commerce.texts import translator
from commerce.texts.errors import error_text

T = TypeVar("T")
Config = Annotated[Path, typer.Option("--config", help="The settings file.")]
DEFAULT_CONFIG = Path("central.toml")

app = typer.Typer(help="Cassaforte's central server.", no_args_is_help=True, add_completion=False)
till_app = typer.Typer(help="Tills: add, enrol, shut out.", no_args_is_help=True)
import_app = typer.Typer(help="Take registries from files.", no_args_is_help=True)
user_app = typer.Typer(help="People who work in head office.", no_args_is_help=True)
feed_app = typer.Typer(help="The registry feed that tills pull.", no_args_is_help=True)
app.add_typer(till_app, name="till")
app.add_typer(import_app, name="import")
app.add_typer(user_app, name="user")
app.add_typer(feed_app, name="feed")


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Serve tills and head office until told to stop."""

    async def running() -> None:
        await serve(_build(config), lambda address: typer.echo(f"central listens on {address}"))

    _run(running)


@app.command("migrate")
def migrate_command(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the database to this version's schema."""
    _with_central(config, _nothing)


@app.command()
def rebuild(config: Config = DEFAULT_CONFIG) -> None:
    """Drop every sale and make it again from the tills' entries."""

    async def rebuilding(central: Central) -> int:
        with _progress("Rebuilding") as told:
            return await rebuild_projections(central.projector, told)

    typer.echo(f"{_with_central(config, rebuilding)} entries projected.")


@app.command()
def project(
    config: Config = DEFAULT_CONFIG,
    mode: Annotated[list[str] | None, typer.Option(help="Also chains of this mode (replay, demo, training).")] = None,
) -> None:
    """Project what waits, and chains of other modes when told so; the server need not run."""

    async def projecting(central: Central) -> int:
        central.projector.modes = (*central.projector.modes, *(mode or ()))
        return await central.projector.catch_up()

    typer.echo(f"{_with_central(config, projecting)} entries projected.")


@app.command()
def found(
    company: Annotated[str, typer.Option(help="The company's name.")],
    tax_id: Annotated[str, typer.Option(help="Its VAT number, such as IT01234567897.")],
    shop: Annotated[str, typer.Option(help="The first shop's name.")],
    config: Config = DEFAULT_CONFIG,
    currency: str = "EUR",
    zone: str = "Europe/Rome",
    country: str = "IT",
) -> None:
    """Make a company with its first shop, VAT codes and ways of paying; prints their ids."""
    founding = Founding(company, tax_id, shop, country, currency, zone)
    made = _with_central(
        config, lambda central: central.database.write(lambda connection: found_company(connection, founding, _now()))
    )
    typer.echo(f"company {made[0]}\nshop {made[1]}")


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    config: Config = DEFAULT_CONFIG,
    role: Role = Role.VIEWER,
    language: str = "it",
    display_name: str = "",
) -> None:
    """Let somebody into head office."""
    new = NewUser(name, password, role, language, display_name or name)
    _with_central(config, lambda central: add_user(central.database, new, _now()))
    typer.echo(f"{name} may sign in.")


@import_app.command("items")
def import_items_command(
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx file.", exists=True, dir_okay=False)],
    config: Config = DEFAULT_CONFIG,
    company: Annotated[str | None, typer.Option(help="The company's id, where there is more than one.")] = None,
    vat: Annotated[str | None, typer.Option(help="VAT code of rows that name none.")] = None,
    price: Annotated[str | None, typer.Option(help="Price of rows that have none; else the till asks.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse all when one row is in error.")] = False,
    language: Annotated[str | None, typer.Option(help="Language of the names.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8, such as windows-1252.")] = None,
    columns: Annotated[list[str] | None, typer.Option("--map", help="field=column, where names are not found.")] = None,
) -> None:
    """Import items: rows in error are left out and listed with their reason, the rest is published at once."""

    async def importing(central: Central) -> ImportReport:
        owner = company or await _only_company(central)
        mapping = dict(one.split("=", 1) for one in columns or () if "=" in one)
        default = parse_decimal(price, PRICE_SCALE) if price else None
        options = ImportOptions(owner, vat, default, strict, language, encoding, mapping)
        with _stages() as told:
            return await import_items(central.database, file, options, _now, told)

    try:
        report = asyncio.run(_within(config, importing))
    except ImportRefusedError as refused:
        _print_report(refused.report, file)
        typer.echo(error_text(translator("en"), refused), err=True)
        raise typer.Exit(1) from refused
    except PosError as error:
        typer.echo(error_text(translator("en"), error), err=True)
        raise typer.Exit(1) from error
    _print_report(report, file)


@till_app.command("add")
def till_add(
    shop: Annotated[str, typer.Option(help="The shop's id.")],
    code: Annotated[str, typer.Option(help="Short code that starts its numbers, such as T2.")],
    name: Annotated[str, typer.Option(help="What people call it.")],
    config: Config = DEFAULT_CONFIG,
    mode: Annotated[str, typer.Option(help="live, training, demo or replay")] = "live",
) -> None:
    """Add a till to a shop and print its id and a one-time enrolment code."""

    async def adding(central: Central) -> tuple[str, str]:
        job = partial(add_till, actor=COMMAND_LINE, at=_now(), shop_id=shop, code=code, name=name, mode=mode)
        identity = await central.database.write(job)
        return identity, await central.tills.issue_code(identity)

    identity, enrolment_code = _with_central(config, adding)
    typer.echo(f"till {identity}\nenrolment code {enrolment_code} (single use, 24 hours)")


@till_app.command("code")
def till_code(till: Annotated[str, typer.Argument(help="The till's id.")], config: Config = DEFAULT_CONFIG) -> None:
    """Print a fresh one-time code, to enrol a till again."""
    typer.echo(_with_central(config, lambda central: central.tills.issue_code(till)))


@till_app.command("revoke")
def till_revoke(till: Annotated[str, typer.Argument(help="The till's id.")], config: Config = DEFAULT_CONFIG) -> None:
    """Shut a till out; what it still sends is kept and set aside."""
    count = _with_central(config, lambda central: central.tills.revoke(till, "command_line"))
    typer.echo(f"{count} token revoked.")


@feed_app.command("new-epoch")
def new_epoch(config: Config = DEFAULT_CONFIG) -> None:
    """After a restore or a failover: make every till take a snapshot."""
    typer.echo(_with_central(config, lambda central: central.marker.renew()))


def main() -> None:
    """Run the command line."""
    app()


async def _only_company(central: Central) -> str:
    companies = await central.database.read(list_companies)
    if len(companies) != 1:
        raise BadInputError("company.which", count=len(companies))
    return str(companies[0].id)


def _print_report(report: ImportReport, file: Path) -> None:
    words = translator("en")
    for finding in report.findings:
        kind = "error" if finding.is_error else "note"
        text = error_text(words, PosError(finding.code, **finding.values))
        typer.echo(f"row {finding.row}: {kind} {finding.code}: {text}")
    if report.findings:
        with suppress(StorageError):  # a folder that only reads: what was found stands above
            typer.echo(f"listed in {write_findings(file, report.findings, words)}")
    typer.echo(
        f"{report.rows} rows: {report.added} added, {report.changed} changed, {report.unchanged} unchanged,"
        f" {report.errors} left out, {report.warnings} notes"
    )


async def _nothing(_: Central) -> None:
    """Connecting migrates; there is nothing else to do."""


def _build(config: Path) -> Central:
    settings = read_config(config)
    _set_up_logging(settings.log_level)
    return build(settings, _now)


def _with_central(config: Path, work: Callable[[Central], Awaitable[T]]) -> T:
    return _run(lambda: _within(config, work))


async def _within(config: Path, work: Callable[[Central], Awaitable[T]]) -> T:
    central = _build(config)
    try:
        await migrate(central.database)
        return await work(central)
    finally:
        await central.database.close()


def _run(work: Callable[[], Awaitable[T]]) -> T:
    """Run to the end; an expected failure is one plain sentence."""

    async def working() -> T:
        return await work()

    try:
        return asyncio.run(working())
    except PosError as error:
        typer.echo(error_text(translator("en"), error), err=True)
        raise typer.Exit(1) from error


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def _stages() -> Iterator[Callable[[str, int, int], None]]:
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage.capitalize(), total=None)
            bar.update(tasks[stage], completed=done, total=of or None)

        yield told


def _now() -> datetime:
    return datetime.now(UTC)


def _set_up_logging(level: str) -> None:
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


if __name__ == "__main__":
    main()
