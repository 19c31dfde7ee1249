"""The command ``central``."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Connection

from central.app import Central, build
from central.command_line import (
    ask_password,
    complain,
    now,
    print_report,
    progress,
    set_up_logging,
    stages,
    who,
    words_of_person,
)
from central.config import read_config
from central.db.migrate import migrate
from central.db.readers import forget_reader
from central.identity import audit, roles, second_steps
from central.identity.passwords import hash_password
from central.identity.people import Role
from central.identity.roles import Place
from central.identity.service import NewUser, add_user, get_user
from central.organisation.service import list_companies
from central.registry.findings import path_beside
from central.registry.founding import Founding, found_company
from central.registry.importing import ImportOptions, ImportRefusedError, ImportReport, import_items
from central.runtime import serve
from central.tills.rebuilding import rebuild as rebuild_projections
from central.tills.registering import add_till
from commerce.errors import BadInputError, ConflictError, PosError
from commerce.money import PRICE_SCALE, parse_decimal

T = TypeVar("T")
Config = Annotated[Path, typer.Option("--config", help="The settings file.")]
DEFAULT_CONFIG = Path("central.toml")
RoleId = Annotated[str, typer.Option(help="The role's id, of those that `central user roles` lists.")]
CompanyId = Annotated[str | None, typer.Option(help="The company's id; without one: every company.")]
ShopId = Annotated[str | None, typer.Option(help="The shop's id, to reach that shop of the company only.")]

app = typer.Typer(help="Cassaforte's central server.", no_args_is_help=True, add_completion=False)
till_app = typer.Typer(help="Tills: add, enrol, shut out.", no_args_is_help=True)
import_app = typer.Typer(help="Take registries from files.", no_args_is_help=True)
user_app = typer.Typer(help="People who work in head office.", no_args_is_help=True)
feed_app = typer.Typer(help="The registry feed that tills pull.", no_args_is_help=True)
app.add_typer(till_app, name="till")
app.add_typer(import_app, name="import")
app.add_typer(user_app, name="user")
events_app = typer.Typer(help="Who reads what happened.", no_args_is_help=True)
app.add_typer(feed_app, name="feed")
app.add_typer(events_app, name="events")


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
        with progress("Rebuilding") as told:
            return await rebuild_projections(central.projector, told, who())

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
        await central.database.write(partial(audit.record, actor=who(), at=now(), act=act))
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
    admin = NewUser(user, ask_password(), Role.ADMIN, languages[0], user) if user else None
    made = _with_central(config, lambda central: _set_up(central, founding, admin))
    typer.echo(f"company {made[0]}\nshop {made[1]}")


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    config: Config = DEFAULT_CONFIG,
    role: RoleId = Role.VIEWER.value,
    company: CompanyId = None,
    shop: ShopId = None,
    language: Annotated[str, typer.Option(help="it or en")] = "it",
    display_name: Annotated[str, typer.Option(help="The name that others see.")] = "",
) -> None:
    """Let somebody into head office. The password is asked for, or read from CENTRAL_PASSWORD or standard input."""
    new = NewUser(name, ask_password(), role, language, display_name or name, company, shop)
    _with_central(config, lambda central: add_user(central.database, new, now(), who()))
    typer.echo(words_of_person().t("{name} may sign in.", name=name))


@user_app.command("give")
def user_give(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    role: RoleId,
    config: Config = DEFAULT_CONFIG,
    company: CompanyId = None,
    shop: ShopId = None,
) -> None:
    """Give somebody a role: everywhere, in a company, or at a shop of one."""
    _deal(config, roles.give, name, role, Place(company, shop))


@user_app.command("take")
def user_take(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    role: RoleId,
    config: Config = DEFAULT_CONFIG,
    company: CompanyId = None,
    shop: ShopId = None,
) -> None:
    """Take a role from somebody where it was given."""
    _deal(config, roles.take, name, role, Place(company, shop))


@user_app.command("reset-code")
def user_reset_code(
    name: Annotated[str, typer.Argument(help="What is typed at sign-in.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Take somebody's sign-in with a code away, who lost phone and recovery codes."""

    async def taking(central: Central) -> None:
        user = await get_user(central.database, name)
        await central.database.write(partial(second_steps.take, actor=who(), at=now(), user=user))

    _with_central(config, taking)
    typer.echo(words_of_person().t("{name} signs in with the password alone.", name=name))


@user_app.command("list")
def user_list(config: Config = DEFAULT_CONFIG) -> None:
    """List everybody who may sign in, each with every role and where."""
    rows = _with_central(config, lambda central: central.database.read(partial(roles.describe_people, actor=who())))
    for row in rows:
        typer.echo("\t".join(row))


@user_app.command("roles")
def user_roles(config: Config = DEFAULT_CONFIG) -> None:
    """List the roles that there are, with what they may."""
    rows = _with_central(config, lambda central: central.database.read(partial(roles.list_roles, actor=who())))
    for row in rows:
        may = "*" if row.everything else " ".join(row.rights)
        typer.echo(f"{row.id}\t{row.names.get(words_of_person().language, row.id)}\t{row.company or '*'}\t{may}")


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
        options = ImportOptions(owner, vat, default, strict, language, encoding, mapping, decimal, who())
        with stages() as told:
            return await import_items(central.database, file, options, now, told)

    try:
        report = _with_central(config, importing)
    except ImportRefusedError as refused:
        print_report(refused.report, errors or path_beside(file))
        complain(refused)
        raise typer.Exit(1) from refused
    print_report(report, errors or path_beside(file))


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
        job = partial(add_till, actor=who(), at=now(), shop_id=shop, code=code, name=name, mode=mode)
        identity = await central.database.write(job)
        return identity, await central.tills.issue_code(identity, who())

    identity, enrolment_code = _with_central(config, adding)
    typer.echo(f"till {identity}\nenrolment code {enrolment_code} (single use, 24 hours)")


@till_app.command("code")
def till_code(till: Annotated[str, typer.Argument(help="The till's id.")], config: Config = DEFAULT_CONFIG) -> None:
    """Print a fresh one-time code, to enrol a till again."""
    typer.echo(_with_central(config, lambda central: central.tills.issue_code(till, who())))


@till_app.command("revoke")
def till_revoke(
    till: Annotated[str, typer.Argument(help="The till's id.")],
    config: Config = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="Why; it is written down with the act.")] = "",
) -> None:
    """Shut a till out; what it still sends is kept and set aside."""
    count = _with_central(config, lambda central: central.tills.revoke(till, "shut_out", who(), reason[:1000]))
    typer.echo(words_of_person().tn("{count} token revoked.", "{count} tokens revoked.", count))


@feed_app.command("new-epoch")
def new_epoch(config: Config = DEFAULT_CONFIG) -> None:
    """After a restore or a failover: make every till take a snapshot."""

    def note(conn: Connection, epoch: str) -> None:
        audit.record(conn, who(), now(), audit.Act("feed.new_epoch", "feed", epoch, {}))

    typer.echo(_with_central(config, lambda central: central.marker.renew(note)))


@events_app.command("forget-reader")
def forget(name: Annotated[str, typer.Argument()], config: Config = DEFAULT_CONFIG) -> None:
    """Let go of a reader that no program has any more; events are trimmed again."""

    def forgotten(conn: Connection) -> None:
        forget_reader(conn, name)
        audit.record(conn, who(), now(), audit.Act("reader.forgotten", "reader", name, {"name": (name, None)}))

    _with_central(config, lambda central: central.database.write(forgotten))


def main() -> None:
    """Run the command line; an expected failure is one sentence in the person's language, exit status 2."""
    os.umask(0o077)  # what is written here is nobody else's: keys, sales, people
    try:
        app()
    except PosError as error:
        complain(error)
        sys.exit(2)


async def _set_up(central: Central, founding: Founding, admin: NewUser | None) -> tuple[str, str]:
    if admin:
        await hash_password(
            admin.password, (admin.name, admin.display_name)
        )  # refuses a bad one before anything is made

    def found(connection: Connection) -> tuple[str, str]:
        if any(row.tax_id == founding.tax_id for row in list_companies(connection)):
            raise ConflictError("company.exists", tax_id=founding.tax_id)
        return found_company(connection, founding, now(), who())

    made = await central.database.write(found)
    if admin:
        await add_user(central.database, admin, now(), who())
    return made


def _deal(config: Path, deal: Callable[..., None], name: str, role: str, place: Place) -> None:
    async def dealing(central: Central) -> None:
        user = await get_user(central.database, name)
        await central.database.write(partial(deal, actor=who(), at=now(), user=user, role=role, place=place))

    _with_central(config, dealing)


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


async def _nothing(_: Central) -> None:
    """Connecting migrates; there is nothing else to do."""


def _build(config: Path) -> Central:
    settings = read_config(config)
    set_up_logging(settings.log_level)
    return build(settings, now)


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


if __name__ == "__main__":
    main()
