"""The command ``till``: runs the daemon, enrols it, and the tools that support uses."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commerce.errors import PosError, RuleError
from terminal.config import TillConfig, read_boot_id, read_config

if TYPE_CHECKING:
    from commerce.ledger import Problem
    from commerce.texts import Translator

DEFAULT_CONFIG = Path("till.toml")
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
ConfigOption = Annotated[Path, typer.Option("--config", help="the till's settings (till.toml)")]


def main() -> None:
    """Run the command; an expected failure is one sentence in the person's language, exit status 2."""
    os.umask(0o077)  # what is written here is nobody else's: keys, sales, people
    try:
        app()
    except PosError as error:
        typer.echo(f"till: {_words(error)}", err=True)
        sys.exit(2)


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    replay_from: Annotated[
        str | None,
        typer.Option("--replay-from", help="replay chains only: set the clock to this time (ISO, with offset)"),
    ] = None,
) -> None:
    """Run the till until it is told to stop."""
    gc.disable()  # what a start makes stays: walking it again and again took a twelfth of the time
    from terminal.app import TillApp
    from terminal.logs import configure_logs
    from terminal.services.clock import ReplayClock, SystemClock

    settings = read_config(config)
    configure_logs(settings.log_level)
    clock = ReplayClock(_moment(replay_from)) if replay_from else SystemClock(read_boot_id())
    _run(TillApp(settings, clock=clock).run(lambda till: _up(settings, till.port)))


@app.command()
def enrol(
    code: Annotated[str, typer.Argument(help="the one-time code that head office gave")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make this machine a till of a shop: make its keys, give the code, keep the identity."""
    from terminal.sync.client import CentralAddress
    from terminal.sync.enrol import enrol_till

    settings = read_config(config)
    if (central := settings.central) is None:
        raise RuleError("central.none")
    address = CentralAddress(central.url, None, central.ca_file, central.timeout_s)
    identity = _run(enrol_till(address, settings.data_dir, code))
    typer.echo(
        _translator().t(
            "This machine is now the till {till} ({code}) of {shop}, {company}.",
            till=identity.till_name,
            code=identity.till_code,
            shop=identity.shop.name,
            company=identity.company.name,
        )
    )


@app.command()
def scan(
    codes: Annotated[list[str], typer.Argument(help="the codes to scan, in order")],
    config: ConfigOption = DEFAULT_CONFIG,
    scanner: Annotated[str | None, typer.Option(help="which virtual scanner, where there are several")] = None,
) -> None:
    """Scan codes with the till's virtual scanner, on the way a real one takes."""
    from terminal.devices.scanner.virtual import send_codes

    path, keymap = _virtual_scanner(read_config(config), scanner)
    count = _run(send_codes(path, codes, keymap=keymap))
    typer.echo(_translator().tn("{count} code scanned.", "{count} codes scanned.", count))


@app.command(name="card-reader")
def card_reader(
    orders: Annotated[
        list[str],
        typer.Argument(
            help="one request each: approve, decline, slow, lost, lost_before, gone; until told otherwise: well,"
            " silent, unplugged"
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    reader: Annotated[str | None, typer.Option(help="which virtual reader, where there are several")] = None,
) -> None:
    """Say what the till's virtual card reader does with the next payments."""
    from terminal.devices.card_reader.virtual import VirtualCardReader

    name, directory = _virtual_card_reader(read_config(config), reader)
    VirtualCardReader(name, directory).obey(orders)


@app.command()
def decode(
    recording: Annotated[Path, typer.Argument(help="raw struct input_event bytes, as read from /dev/input/event*")],
    keymap: Annotated[str, typer.Option(help="us or it")] = "us",
    silence_ms: Annotated[int, typer.Option(help="the pause that ends a code without suffix")] = 130,
) -> None:
    """Print the codes in a recording as JSON lines."""
    from terminal.devices.scanner.recordings import decode_recording

    for found in decode_recording(_read(recording), keymap, silence_ms):
        typer.echo(json.dumps(found, ensure_ascii=False))


@app.command(name="explain-code")
def explain_code(
    code: Annotated[str, typer.Argument(help="as a scanner sends it; GS as \\x1d or <GS>")],
    config: Annotated[Path | None, typer.Option("--config", help="use this till's rules for codes of its shop")] = None,
) -> None:
    """Print what a code is as JSON."""
    from commerce.barcode import ITALIAN_DEFAULT_RULES
    from commerce.barcode import explain_code as explain
    from terminal.services.shop_rules import read_shop_rules

    rules = read_shop_rules(read_config(config).data_dir) if config else ITALIAN_DEFAULT_RULES
    plain = code.replace("<GS>", "\x1d").replace("\\x1d", "\x1d")
    typer.echo(json.dumps(explain(plain, rules, today=_today()), ensure_ascii=False, indent=1, default=str))


@app.command()
def verify(
    ledger: Annotated[Path, typer.Argument(help="ledger.db")],
    head: Annotated[Path | None, typer.Option(help="head.json, central's signed head: names a truncated tail")] = None,
) -> None:
    """Walk every chain of a ledger: exit 0 good, 1 with the first bad entry named, 2 not a ledger."""
    from terminal.services.verification import verify_ledger

    verdicts = verify_ledger(ledger, head)
    bad = [verdict for verdict in verdicts if verdict.problem]
    for verdict in verdicts:
        state = _found(verdict.problem, verdict.head.seq) if verdict.problem else "ok"
        typer.echo(f"chain {verdict.chain}: {verdict.entries} entries, head {verdict.head.hash.hex()}, {state}")
    raise typer.Exit(1 if bad else 0)


def _found(problem: "Problem", good: int) -> str:
    """Name the first bad entry: where entries are missing, the first of those."""
    if problem.code == "ledger.missing" and problem.seq > good + 1:
        return f"BAD at seq {good + 1}: {problem.code} (the next entry there is {problem.seq})"
    return f"BAD at seq {problem.seq}: {problem.code}"


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as group:
        expected, rest = group.split(PosError)
        if expected and not rest:
            raise _first(expected) from group
        raise


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _up(settings: TillConfig, port: int) -> None:
    gc.freeze()
    gc.enable()
    _announce(settings, port)


def _announce(settings: TillConfig, port: int) -> None:
    scheme = "https" if settings.listen.certificate else "http"
    typer.echo(f"{scheme}://{settings.listen.host}:{port}/")


def _virtual_scanner(settings: TillConfig, name: str | None) -> tuple[Path, str]:
    from commerce.errors import NotFoundError

    for section in settings.devices.scanners:
        if section.driver == "virtual" and name in (None, section.name):
            path = section.options.get("socket") or settings.data_dir / "virtual" / f"{section.name}.sock"
            return Path(path), str(section.options.get("keymap", "us"))
    raise NotFoundError("scanner.no_virtual_one")


def _virtual_card_reader(settings: TillConfig, name: str | None) -> tuple[str, Path]:
    from commerce.errors import NotFoundError

    for section in settings.devices.card_readers:
        if section.driver == "virtual" and name in (None, section.name):
            directory = section.options.get("directory") or settings.data_dir / "virtual" / section.name
            return section.name, Path(directory)
    raise NotFoundError("card_reader.no_virtual_one")


def _read(path: Path) -> bytes:
    from commerce.errors import NotFoundError

    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError("file.unreadable", path=path.name, reason=error.strerror or "") from error


def _moment(text: str) -> datetime:
    from commerce.errors import BadInputError

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError("clock.unreadable", value=text) from error
    if moment.tzinfo is None:
        raise BadInputError("clock.unreadable", value=text)
    return moment.astimezone(UTC)


def _today() -> date:
    return datetime.now(UTC).date()


def _words(error: PosError) -> str:
    from commerce.texts.errors import error_text

    return f"{error_text(_translator(), error)} [{error.code}]"


def _translator() -> "Translator":
    """Return the texts in the language of whoever typed the command."""
    from commerce.texts import translator

    wish = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "en")
    return translator(wish[:2])


if __name__ == "__main__":
    main()
