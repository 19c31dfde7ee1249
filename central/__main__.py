"""The command ``central``."""

import asyncio
import logging
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from sqlalchemy import Connection

from central.app import Central, build
from central.config import read_config
from central.db.migrate import migrate
from central.identity import audit
from central.identity.passwords import hash_password
from central.identity.people import Actor, Role, at_command_line
from central.identity.service import NewUser, add_user
from central.organisation.service import list_companies
from central.registry.findings import finding_text, path_beside, write_findings
from central.registry.founding import Founding, found_company
from central.registry.importing import ImportOptions, ImportRefusedError, ImportReport, import_items
from central.runtime import serve
from central.tills.rebuilding import rebuild as rebuild_projections
from central.tills.registering import add_till
from commerce.errors import BadInputError, ConflictError, PosError, StorageError
from commerce.money import PRICE_SCALE, parse_decimal
from commerce.texts import N_, Translator, translator
from commerce.texts.errors import error_text

T = TypeVar("T")
Config = Annotated[Path, typer.Option("--config", help="The settings file.")]
DEFAULT_CONFIG = Path("central.toml")
STAGES = {"reading": N_("Reading"), "publishing": N_("Publishing")}

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
            return await rebuild_projections(central.projector, told, _who())

    typer.echo(f"{_with_central(config, rebuilding)} entries projected.")


@app.command()
def project(
    config: Config = DEFAULT_CONFIG,
    mode: Annotated[list[str] | None, typer.Option(help="Also chains of this mode (replay, demo, training).")] = None,
) -> None:
    """Project what waits, and chains of other modes when told so; the server need not run."""

    async def projecting(central: Central) -> int:
        central.projector.modes = (*central.projector.modes, *(mode or ()))
        act = audit.Act("chains.projected", "chains", "all", {"modes": (None, list(central.projector.modes))})
        await central.database.write(partial(audit.record, actor=_who(), at=_now(), act=act))
        return await central.projector.catch_up()

    typer.echo(f"{_with_central(config, projecting)} entries projected.")


@app.command()
def setup(
    company: Annotated[str, typer.Option(help="The company's name.")],
    tax_id: Annotated[str, typer.Option(help="Its VAT number, such as 01234567897.")],
    shop: Annotated[str, typer.Option(help="The first shop's name.")],
    config: Config = DEFAULT_CONFIG,
    country: Annotated[str, typer.Option(help="Two letters.")] = "IT",
    currency: Annotated[str, typer.Option(help="Three letters.")] = "EUR",
    zone: Annotated[str, typer.Option(help="The shop's IANA time zone.")] = "Europe/Rome",
    language: Annotated[list[str] | None, typer.Option(help="The shop's languages, its own first.")] = None,
    address: Annotated[list[str] | None, typer.Option(help="A line of the shop's address; may be repeated.")] = None,
    cash_step: Annotated[int | None, typer.Option(help="Round cash to so many cents.")] = None,
    user: Annotated[str | None, typer.Option(help="First administrator; the password is asked for.")] = None,
) -> None:
    """Make a company with its first shop, VAT codes, ways of paying and an administrator; prints their ids."""
    languages = tuple(language or ("it", "en"))
    founding = Founding(company, tax_id, shop, country, currency, zone, languages, tuple(address or ()), cash_step)
    admin = NewUser(user, _password(), Role.ADMIN, languages[0], user) if user else None
    made = _with_central(config, lambda central: _set_up(central, founding, admin))
    typer.echo(f"company {made[0]}\nshop {made[1]}")


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    config: Config = DEFAULT_CONFIG,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
    language: Annotated[str, typer.Option(help="it or en")] = "it",
    display_name: Annotated[str, typer.Option(help="The name that others see.")] = "",
) -> None:
    """Let somebody into head office. The password is asked for, or read from CENTRAL_PASSWORD or standard input."""
    new = NewUser(name, _password(), role, language, display_name or name)
    _with_central(config, lambda central: add_user(central.database, new, _now(), _who()))
    typer.echo(_translator().t("{name} may sign in.", name=name))


@import_app.command("items")
def import_items_command(
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx file.")],
    config: Config = DEFAULT_CONFIG,
    company: Annotated[str | None, typer.Option(help="The company's id, where there is more than one.")] = None,
    vat: Annotated[str | None, typer.Option(help="VAT code of rows that name none.")] = None,
    price: Annotated[str | None, typer.Option(help="Price of rows that have none; else the till asks.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse all when one row is in error.")] = False,
    language: Annotated[str | None, typer.Option(help="Language of the names.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8, such as windows-1252.")] = None,
    columns: Annotated[list[str] | None, typer.Option("--map", help="field=column, where names are not found.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark of prices such as 1.000: . or ,")] = None,
    errors: Annotated[Path | None, typer.Option(help="Where to list what was found; else FILE.errors.csv.")] = None,
) -> None:
    """Import items: rows in error are left out and listed with their reason, the rest is published at once.

    Ends with 0, with 1 when --strict refused the file, with 2 when the file or an option cannot be used.
    """

    async def importing(central: Central) -> ImportReport:
        owner = company or await _only_company(central)
        mapping = dict(_pair(one) for one in columns or ())
        default = parse_decimal(price, PRICE_SCALE) if price else None
        options = ImportOptions(owner, vat, default, strict, language, encoding, mapping, decimal, _who())
        with _stages() as told:
            return await import_items(central.database, file, options, _now, told)

    try:
        report = _with_central(config, importing)
    except ImportRefusedError as refused:
        _print_report(refused.report, errors or path_beside(file))
        _complain(refused)
        raise typer.Exit(1) from refused
    _print_report(report, errors or path_beside(file))


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
        job = partial(add_till, actor=_who(), at=_now(), shop_id=shop, code=code, name=name, mode=mode)
        identity = await central.database.write(job)
        return identity, await central.tills.issue_code(identity, _who())

    identity, enrolment_code = _with_central(config, adding)
    typer.echo(f"till {identity}\nenrolment code {enrolment_code} (single use, 24 hours)")


@till_app.command("code")
def till_code(till: Annotated[str, typer.Argument(help="The till's id.")], config: Config = DEFAULT_CONFIG) -> None:
    """Print a fresh one-time code, to enrol a till again."""
    typer.echo(_with_central(config, lambda central: central.tills.issue_code(till, _who())))


@till_app.command("revoke")
def till_revoke(
    till: Annotated[str, typer.Argument(help="The till's id.")],
    config: Config = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="Why; it is written down with the act.")] = "",
) -> None:
    """Shut a till out; what it still sends is kept and set aside."""
    count = _with_central(config, lambda central: central.tills.revoke(till, "shut_out", _who(), reason[:1000]))
    typer.echo(f"{count} token revoked.")


@feed_app.command("new-epoch")
def new_epoch(config: Config = DEFAULT_CONFIG) -> None:
    """After a restore or a failover: make every till take a snapshot."""

    def note(conn: Connection, epoch: str) -> None:
        audit.record(conn, _who(), _now(), audit.Act("feed.new_epoch", "feed", epoch, {}))

    typer.echo(_with_central(config, lambda central: central.marker.renew(note)))


def main() -> None:
    """Run the command line; an expected failure is one sentence in the person's language, exit status 2."""
    os.umask(0o077)  # what is written here is nobody else's: keys, sales, people
    try:
        app()
    except PosError as error:
        _complain(error)
        sys.exit(2)


async def _set_up(central: Central, founding: Founding, admin: NewUser | None) -> tuple[str, str]:
    if admin:
        await hash_password(
            admin.password, (admin.name, admin.display_name)
        )  # refuses a bad one before anything is made

    def found(connection: Connection) -> tuple[str, str]:
        if any(row.tax_id == founding.tax_id for row in list_companies(connection)):
            raise ConflictError("company.exists", tax_id=founding.tax_id)
        return found_company(connection, founding, _now(), _who())

    made = await central.database.write(found)
    if admin:
        await add_user(central.database, admin, _now(), _who())
    return made


def _password() -> str:
    """Take the password from where a script puts it, or ask for it twice on the terminal."""
    given = os.environ.get("CENTRAL_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals:
        raise BadInputError("import.map", text=text)
    return field.strip(), column.strip()


async def _only_company(central: Central) -> str:
    companies = await central.database.read(list_companies)
    if len(companies) != 1:
        raise BadInputError("company.which", count=len(companies))
    return str(companies[0].id)


def _print_report(report: ImportReport, errors: Path) -> None:
    words = _translator()
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
    typer.echo(
        t("{rows} rows: {added} added, {changed} changed, {unchanged} unchanged, {errors} left out, {warnings} notes",
          rows=report.rows, added=report.added, changed=report.changed, unchanged=report.unchanged,
          errors=report.errors, warnings=report.warnings)
    )  # fmt: skip
    typer.echo(
        t("Written in {transactions} transactions of at most {most} rows.", transactions=report.transactions,
          most=report.longest_write)
    )  # fmt: skip


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
    async def working() -> T:
        return await work()

    try:
        return asyncio.run(working())
    except BaseExceptionGroup as group:
        expected = group.subgroup(PosError)
        if expected is None:
            raise
        raise _first(expected) from group


def _first(group: BaseExceptionGroup[PosError]) -> PosError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _complain(error: PosError) -> None:
    typer.echo(f"central: {error_text(_translator(), error)} [{error.code}]", err=True)
    if isinstance(error, StorageError) and error.__cause__:
        typer.echo(f"  {str(error.__cause__).splitlines()[0]}", err=True)  # who set it up needs the driver's own words


def _translator() -> Translator:
    """Return the texts in the language of whoever typed the command."""
    wish = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "en")
    return translator(wish[:2])


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
                tasks[stage] = bar.add_task(_translator().t(STAGES[stage]), total=None)
            bar.update(tasks[stage], completed=done, total=of or None)

        yield told


def _who() -> Actor:
    """Return who typed the command, as the system knows them; who became root by sudo is named too."""
    user = _system_user(os.getuid())
    behind = os.environ.get("SUDO_UID", "") if os.getuid() == 0 else ""  # anybody else could invent it
    return at_command_line(f"{user} for {_system_user(int(behind))}" if behind.isdecimal() else user)


def _system_user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return f"uid {number}"


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
