"""The command `till`, as support and scripts use it: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import sqlite3
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import DeviceUnavailableError
from commerce.ledger import Head, Signer, sign_head
from terminal import __main__ as cli
from terminal.config import TillConfig
from terminal.db.connection import Writer
from terminal.db.migrate import migrate
from terminal.devices.card_reader.virtual import VirtualCardReader
from terminal.devices.protocols import CardRequest
from terminal.devices.scanner.decoder import DecoderSettings
from terminal.devices.scanner.virtual import VirtualScanner
from terminal.services.identity import FILE_NAME, save_identity
from tests.ports import free_port
from tests.shared_data import PROJECT, shared_path
from tests.terminal.shop import BREAD, COFFEE, running_till

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.terminal.shop import TestTill

RECORDINGS = ["aim-ean13-tab", "code128-mixed-us", "ean13-enter", "gs1-128-ctrl-gs", "no-suffix", "real-opticon-m10",
              "two-codes-back-to-back"]  # fmt: skip
FIXTURES = sorted(PROJECT.glob("hw-fixtures/scanner/*/*.bin"))


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def till(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["till", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()  # typer ends the process in any case
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run


@dataclass
class Ledger:
    """A small ledger with two sales, and where central's head of it would stand."""

    folder: Path
    chain: str
    head: Head

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    def spoil(self, statement: str) -> None:
        """Change the file as nothing of ours would."""
        with sqlite3.connect(self.path) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
        connection.close()

    def write_head(self, *, ahead: int = 0) -> Path:
        """Write central's word that it holds the chain up to its head, or beyond it."""
        signer = Signer(Ed25519PrivateKey.generate())
        head = Head(self.head.seq + ahead, self.head.hash if not ahead else bytes(range(32)))
        signed = sign_head(signer, "0193a000-0000-7000-8000-0000000000f2", self.chain, head, datetime.now(UTC))
        path = self.folder / "head.json"
        path.write_text(json.dumps(signed.as_json()), encoding="utf-8")
        return path


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    async def sell() -> Ledger:
        async with running_till(tmp_path) as shop:
            await _sell(shop)
            return Ledger(tmp_path, shop.core.chains.chain, shop.core.chains.head)

    return asyncio.run(sell())


async def _sell(shop: TestTill) -> None:
    await shop.ready()
    await shop.sell(COFFEE, BREAD)
    await shop.sell(COFFEE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def write_config(folder: Path, name: str = "till", **listen: int) -> Path:
    """Write settings for a till that has a virtual scanner and central on a port where nobody is."""
    path = folder / f"{name}.toml"
    path.write_text(
        f'data_dir = "{name}-data"\n[listen]\nport = {listen.get("port", 0)}\n'
        f'[central]\nurl = "http://127.0.0.1:{listen.get("central", free_port())}"\n'
        '[[devices.scanners]]\nname = "scanner"\ndriver = "virtual"\n',
        encoding="utf-8",
    )
    return path


def enrolled(folder: Path, name: str = "till", mode: str = "live") -> None:
    """Give a till the identity that enrolment would."""
    answer = {
        "company": {"id": "0193a000-0000-7000-8000-0000000000f1", "name": "Emporio", "tax_id": "0", "country": "IT",
                    "currency": "EUR"},
        "shop": {"id": "0193a000-0000-7000-8000-0000000000f0", "name": "Centro", "zone": "Europe/Rome",
                 "languages": ["it", "en"]},
        "till": {"id": "0193a000-0000-7000-8000-0000000000f2", "code": "T1", "name": "Cassa 1", "mode": mode},
        "token": "00" * 32, "till_secret": "11" * 32, "central_public_key": "22" * 32,
    }  # fmt: skip
    data = folder / f"{name}-data"
    data.mkdir(mode=0o700)
    save_identity(data / FILE_NAME, Ed25519PrivateKey.generate(), answer)


class TestDecode:
    @pytest.mark.parametrize("name", RECORDINGS)
    def test_a_recording_of_a_scanner_is_printed_code_by_code(self, till: Callable[..., Ended], name: str) -> None:
        folder = shared_path("reference", "evdev")
        said = {entry["name"]: entry["says"] for entry in json.loads((folder / "index.json").read_text())}

        ended = till("decode", folder / f"{name}.bin")

        found = [json.loads(line) for line in ended.out.splitlines()]
        assert ended.status == 0
        assert [one["code"] for one in found] == said[name].split(" then ")
        assert all(set(one) == {"code", "at_ms"} for one in found)

    @pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_a_fixture_is_printed_as_it_says(self, till: Callable[..., Ended], path: Path) -> None:
        facts = json.loads(path.with_suffix(".json").read_text())

        ended = till("decode", path, "--keymap", facts["keymap"])

        codes = [json.loads(line)["code"] for line in ended.out.splitlines()]
        unfinished = facts["ends"] == "unplugged"
        assert ended.status == 0
        assert codes[: len(facts["codes"])] == facts["codes"]
        assert unfinished or len(codes) == len(facts["codes"])

    def test_a_missing_recording_is_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        ended = till("decode", tmp_path / "none.bin")

        assert (ended.status, ended.out) == (2, "")
        assert "none.bin" in ended.err
        assert "[file.unreadable]" in ended.err

    def test_an_unknown_key_map_is_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "empty.bin").touch()

        ended = till("decode", tmp_path / "empty.bin", "--keymap", "xx")

        assert ended.status == 2
        assert "Traceback" not in ended.err


class TestExplainCode:
    @pytest.mark.parametrize(
        ("code", "kind", "ok"),
        [("4006381333931", "ean13", True), ("4006381333932", "ean13", False), ("96385074", "ean8", True)],
    )
    def test_it_says_what_a_code_is_and_whether_its_check_digit_is_right(
        self, till: Callable[..., Ended], code: str, kind: str, ok: bool
    ) -> None:
        ended = till("explain-code", code)

        explained = json.loads(ended.out)
        assert ended.status == 0
        assert explained["kind"] == kind
        assert explained["check_digit"]["ok"] is ok

    def test_an_embedded_price_is_named(self, till: Callable[..., Ended]) -> None:
        explained = json.loads(till("explain-code", "2000002002178").out)

        assert explained["embedded"]["kind"] == "price"
        assert explained["embedded"]["price_cents"] == 217

    @pytest.mark.parametrize("separator", ["<GS>", "\\x1d", "\x1d"])
    def test_a_gs1_code_is_taken_apart_however_gs_is_written(self, till: Callable[..., Ended], separator: str) -> None:
        explained = json.loads(till("explain-code", f"]C1010400638133393110AB12{separator}17271231").out)

        assert [element["ai"] for element in explained["gs1"]["elements"]] == ["01", "10", "17"]

    def test_the_rules_of_the_shop_are_used_when_its_till_is_named(
        self, till: Callable[..., Ended], tmp_path: Path
    ) -> None:
        async def fill() -> None:
            async with running_till(tmp_path / "till-data"):
                pass

        (tmp_path / "till-data").mkdir()
        asyncio.run(fill())

        explained = json.loads(till("explain-code", "2200123004829", "--config", write_config(tmp_path)).out)

        assert explained["embedded"]["kind"] == "weight"


class TestVerify:
    def test_a_good_ledger_ends_with_0(self, till: Callable[..., Ended], ledger: Ledger) -> None:
        ended = till("verify", ledger.path, "--head", ledger.write_head())

        assert ended.status == 0
        assert f"chain {ledger.chain}: {ledger.head.seq} entries" in ended.out
        assert ended.out.rstrip().endswith("ok")

    @pytest.mark.parametrize(
        ("statement", "seq"),
        [
            ("UPDATE entry SET body = replace(CAST(body AS TEXT), 'a', 'b') WHERE seq = 4", 4),
            ("DELETE FROM entry WHERE seq = 3", 3),
            ("UPDATE entry SET signature = zeroblob(64) WHERE seq = 2", 2),
        ],
        ids=["changed", "removed", "signed by nobody"],
    )
    def test_the_first_bad_entry_is_named_and_it_ends_with_1(
        self, till: Callable[..., Ended], ledger: Ledger, statement: str, seq: int
    ) -> None:
        ledger.spoil(statement)

        ended = till("verify", ledger.path)

        assert ended.status == 1
        assert f"BAD at seq {seq}:" in ended.out

    def test_a_truncated_tail_is_seen_only_against_centrals_head(
        self, till: Callable[..., Ended], ledger: Ledger
    ) -> None:
        head = ledger.write_head()
        ledger.spoil(f"DELETE FROM entry WHERE seq = {ledger.head.seq}")
        ledger.spoil(f"DELETE FROM document WHERE seq = {ledger.head.seq}")

        without, against = till("verify", ledger.path), till("verify", ledger.path, "--head", head)

        assert without.status == 0
        assert against.status == 1
        assert f"BAD at seq {ledger.head.seq}: ledger.truncated" in against.out

    def test_a_head_that_central_never_signed_is_refused(self, till: Callable[..., Ended], ledger: Ledger) -> None:
        head = ledger.write_head()
        head.write_text(head.read_text().replace('"seq": ', '"seq": 1'), encoding="utf-8")

        assert till("verify", ledger.path, "--head", head).status == 2

    @pytest.mark.parametrize("content", [b"", b"not a database", None], ids=["empty", "text", "missing"])
    def test_what_is_no_ledger_ends_with_2(
        self, till: Callable[..., Ended], tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "ledger.db"
        if content is not None:
            path.write_bytes(content)

        ended = till("verify", path)

        assert ended.status == 2
        assert "[ledger.not_one]" in ended.err

    def test_another_database_is_no_ledger(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        connection = sqlite3.connect(tmp_path / "other.db")
        connection.execute("CREATE TABLE entry (a)")
        connection.close()

        assert till("verify", tmp_path / "other.db").status == 2


class TestRun:
    def test_missing_settings_are_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        ended = till("run", "--config", tmp_path / "none.toml")

        assert ended.status == 2
        assert "none.toml" in ended.err
        assert "[config.missing]" in ended.err

    def test_a_wrong_setting_is_named(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "till.toml").write_text('data_dir = "d"\n[listen]\nprot = 1\n', encoding="utf-8")

        ended = till("run", "--config", tmp_path / "till.toml")

        assert ended.status == 2
        assert "listen.prot" in ended.err

    def test_a_data_directory_that_is_a_file_is_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("", encoding="utf-8")
        (tmp_path / "till.toml").write_text('data_dir = "taken"\n', encoding="utf-8")

        ended = till("run", "--config", tmp_path / "till.toml")

        assert ended.status == 2
        assert "[data_dir.unusable]" in ended.err

    def test_a_till_that_is_not_enrolled_says_what_to_do(self, till: Callable[..., Ended], config: Path) -> None:
        ended = till("run", "--config", config)

        assert ended.status == 2
        assert "till enrol" in ended.err
        assert "[identity.none]" in ended.err

    def test_a_key_that_others_can_read_is_refused(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path
    ) -> None:
        enrolled(tmp_path)
        (tmp_path / "till-data" / FILE_NAME).chmod(0o644)

        ended = till("run", "--config", config)

        assert ended.status == 2
        assert "[identity.exposed]" in ended.err

    def test_a_taken_port_is_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        enrolled(tmp_path)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            ended = till("run", "--config", write_config(tmp_path, port=port))

        assert ended.status == 2
        assert str(port) in ended.err
        assert "[listen.in_use]" in ended.err

    def test_a_second_daemon_on_one_ledger_is_refused(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path
    ) -> None:
        enrolled(tmp_path)
        first = Writer(tmp_path / "till-data" / "ledger.db", alone=True)
        with asyncio.Runner() as runner:
            runner.run(first.start(migrate))
            ended = till("run", "--config", config)
            runner.run(first.stop())

        assert ended.status == 2
        assert "[ledger.in_use]" in ended.err

    @pytest.mark.parametrize(("mode", "options"), [("live", ["--replay-from", "2020-01-01T00:00:00Z"]), ("replay", [])])
    def test_a_set_clock_and_a_replay_enrolment_need_each_other(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path, mode: str, options: list[str]
    ) -> None:
        enrolled(tmp_path, mode=mode)

        ended = till("run", "--config", config, *options)

        assert ended.status == 2
        assert "[replay.only]" in ended.err

    @pytest.mark.parametrize("value", ["yesterday", "2020-01-01T00:00:00"])
    def test_a_replay_time_that_cannot_be_read_is_a_sentence(
        self, till: Callable[..., Ended], config: Path, value: str
    ) -> None:
        ended = till("run", "--config", config, "--replay-from", value)

        assert ended.status == 2
        assert "[clock.unreadable]" in ended.err

    def test_a_device_option_that_does_not_exist_is_named(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path
    ) -> None:
        enrolled(tmp_path)
        with config.open("a", encoding="utf-8") as file:
            file.write('[devices.scanners.options]\nkeymaps = "it"\n')

        ended = till("run", "--config", config)

        assert ended.status == 2
        assert "keymaps" in ended.err


class TestEnrol:
    def test_without_central_in_the_settings_it_says_so(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "till.toml").write_text('data_dir = "d"\n', encoding="utf-8")

        ended = till("enrol", "AAAA-BBBB-CCCC", "--config", tmp_path / "till.toml")

        assert ended.status == 2
        assert "[central.none]" in ended.err

    def test_a_central_that_is_away_is_a_sentence_and_leaves_no_key(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path
    ) -> None:
        ended = till("enrol", "AAAA-BBBB-CCCC", "--config", config)

        assert ended.status == 2
        assert "Traceback" not in ended.err
        assert not (tmp_path / "till-data" / FILE_NAME).exists()

    def test_plain_http_to_another_machine_is_refused(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "till.toml").write_text(
            'data_dir = "d"\n[central]\nurl = "http://central.example"\n', encoding="utf-8"
        )

        ended = till("enrol", "AAAA-BBBB-CCCC", "--config", tmp_path / "till.toml")

        assert ended.status == 2
        assert "[central.tls_required]" in ended.err


class TestScan:
    def test_config_chooses_between_two_tills(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        configs = [write_config(tmp_path, name) for name in ("one", "two")]
        heard: dict[str, list[str]] = {}

        async def listen() -> Ended:
            scanners = {}
            for name in ("one", "two"):
                folder = tmp_path / f"{name}-data" / "virtual"
                await asyncio.to_thread(folder.mkdir, parents=True)
                scanners[name] = VirtualScanner("scanner", folder / "scanner.sock", DecoderSettings())
                await scanners[name].open()
            ended = await asyncio.to_thread(till, "scan", "--config", configs[1], COFFEE, BREAD)
            for name, scanner in scanners.items():
                await scanner.close()
                heard[name] = []
                with contextlib.suppress(DeviceUnavailableError):  # closed: that is all there was
                    async for scan in scanner.scans():
                        heard[name].append(scan.code)
            return ended

        ended = asyncio.run(listen())

        assert ended.status == 0
        assert heard == {"one": [], "two": [COFFEE, BREAD]}

    def test_a_till_that_does_not_run_is_a_sentence(self, till: Callable[..., Ended], config: Path) -> None:
        ended = till("scan", "--config", config, COFFEE)

        assert ended.status == 2
        assert "[device.absent]" in ended.err

    def test_a_till_without_virtual_scanner_is_a_sentence(self, till: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "till.toml").write_text('data_dir = "d"\n', encoding="utf-8")

        ended = till("scan", "--config", tmp_path / "till.toml", COFFEE)

        assert ended.status == 2
        assert "[scanner.no_virtual_one]" in ended.err


class TestLanguage:
    @pytest.mark.parametrize(("name", "word"), [("it_IT.UTF-8", "impostazioni"), ("en_GB.UTF-8", "settings")])
    def test_refusals_are_in_the_language_of_the_person(
        self, till: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, word: str
    ) -> None:
        monkeypatch.setenv("LC_ALL", name)

        assert word in till("run", "--config", tmp_path / "none.toml").err


class TestCardReader:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Path:
        path = write_config(tmp_path)
        path.write_text(path.read_text() + '[[devices.card_readers]]\nname = "pos"\ndriver = "virtual"\n')
        return path

    def test_is_told_what_to_do_next(self, till: Callable[..., Ended], config: Path, tmp_path: Path) -> None:
        ended = till("card-reader", "decline", "approve", "--config", config)

        reader = VirtualCardReader("pos", tmp_path / "till-data" / "virtual" / "pos")
        asked = [CardRequest(attempt, "EUR", 100) for attempt in ("a", "b")]
        assert ended.status == 0
        assert [asyncio.run(reader.pay(request)).approved for request in asked] == [False, True]

    def test_is_unplugged_until_it_is_well_again(
        self, till: Callable[..., Ended], config: Path, tmp_path: Path
    ) -> None:
        reader = VirtualCardReader("pos", tmp_path / "till-data" / "virtual" / "pos")

        assert till("card-reader", "unplugged", "--config", config).status == 0
        with pytest.raises(DeviceUnavailableError):
            asyncio.run(reader.check())

        assert till("card-reader", "well", "--config", config).status == 0
        asyncio.run(reader.check())

    @pytest.mark.parametrize(
        ("words", "code"),
        [(["dance"], "card_reader.order"), (["approve", "--reader", "other"], "card_reader.no_virtual_one")],
    )
    def test_what_cannot_be_is_a_sentence(
        self, till: Callable[..., Ended], config: Path, words: list[str], code: str
    ) -> None:
        ended = till("card-reader", *words, "--config", config)

        assert ended.status == 2
        assert f"[{code}]" in ended.err


def test_a_till_that_is_up_collects_again_and_leaves_what_its_start_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gc.disable()
    try:
        cli._up(TillConfig(data_dir=tmp_path), 8401)

        assert gc.isenabled()
        assert gc.get_freeze_count() > 1_000
        assert capsys.readouterr().out == "http://127.0.0.1:8401/\n"
    finally:
        gc.enable()
        gc.unfreeze()
