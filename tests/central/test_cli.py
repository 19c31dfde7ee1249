"""The command `central`, as whoever sets a shop up uses it: what it prints, what it makes, and how it ends."""

from __future__ import annotations

import io
import os
import pwd
import re
import socket
import sqlite3
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from central import __main__ as cli
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLES = "SELECT u.name, r.role, r.company, r.shop FROM app_user u JOIN user_role r ON r.user = u.id ORDER BY 1, 2, 3"
PASSWORD = "una password lunga"  # noqa: S105 - of an invented user
GOODS = "code,name,price,vat\n4006381333931,Penna,1.20,22\n4006381333932,Matita,0.80,22\n4006381333931,Doppia,1.00,22\n"


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass
class Commands:
    """Runs `central` on settings of its own."""

    folder: Path
    run: Callable[..., Ended]

    def __call__(self, *words: object) -> Ended:
        return self.run(*words, "--config", self.folder / "central.toml")

    def setup(self, *words: object) -> Ended:
        return self("setup", "--company", "Bottega s.r.l.", "--tax-id", "01234567897", "--shop", "Centro", *words)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.folder / "data" / "central.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


@pytest.fixture
def central(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    (tmp_path / "central.toml").write_text('data_dir = "data"\nlog_level = "warning"\n', encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["central", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return Commands(tmp_path, run)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENTRAL_PASSWORD", PASSWORD)


@pytest.mark.usefixtures("password")
def test_whoever_lost_phone_and_codes_is_helped_on_the_server(central: Commands) -> None:
    central.setup("--user", "anna")
    ((user,),) = central.rows("SELECT id FROM app_user")
    none = central("user", "reset-code", "anna")
    with sqlite3.connect(central.folder / "data" / "central.db") as connection:
        connection.execute("INSERT INTO second_step VALUES (?, x'00', 0, '2026-11-23', NULL)", (user,))
    connection.close()

    done = central("user", "reset-code", "Anna")

    assert (none.status, none.err) == (
        2, "central: This user signs in with the password alone. [second_step.none]\n"
    )  # fmt: skip
    assert (done.status, done.out) == (0, "Anna signs in with the password alone.\n")
    assert central.rows("SELECT * FROM second_step") == []
    (act,) = central.rows("SELECT action, actor_name FROM audit WHERE subject_kind = 'user' ORDER BY id DESC LIMIT 1")
    assert act == ("second_step.taken", f"{pwd.getpwuid(os.getuid()).pw_name} (command line)")


@pytest.mark.usefixtures("password")
def test_one_command_sets_up_a_company_with_its_shop_and_an_administrator(central: Commands) -> None:
    ended = central.setup("--address", "Via Roma 1", "--address", "20121 Milano", "--user", "anna", "--cash-step", 5)

    assert ended.status == 0
    assert re.fullmatch(r"company [0-9a-f-]{36}\nshop [0-9a-f-]{36}\n", ended.out)
    assert central.rows("SELECT name, tax_id, country, currency FROM company") == [
        ("Bottega s.r.l.", "01234567897", "IT", "EUR")
    ]
    assert central.rows("SELECT name, zone FROM shop") == [("Centro", "Europe/Rome")]
    assert central.rows(ROLES) == [("anna", "admin", "", "")]


@pytest.mark.usefixtures("password")
def test_the_same_company_is_not_made_twice(central: Commands) -> None:
    central.setup()

    again = central.setup()

    assert again.status == 2
    assert "[company.exists]" in again.err
    assert len(central.rows("SELECT id FROM company")) == 1


@pytest.mark.usefixtures("password")
def test_roles_are_given_and_taken_by_company_and_shop(central: Commands) -> None:
    company, shop = re.findall(r"(?:company|shop) (\S+)", central.setup().out)
    central("user", "add", "bruno", "--company", company, "--shop", shop)

    given = central("user", "give", "bruno", "--role", "manager", "--company", company)
    taken = central("user", "take", "bruno", "--role", "viewer", "--company", company, "--shop", shop)

    assert (given.status, taken.status) == (0, 0)
    assert central.rows(ROLES) == [("bruno", "manager", company, "")]
    assert f"bruno\tbruno\tmanager\t{company}" in central("user", "list").out
    assert central("user", "roles").out.splitlines()[0] == "admin\tAdministrator\t*\t*"


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize(
    ("words", "code"),
    [(("--role", "nothing"), "role.unknown"), (("--role", "viewer"), "role.had"),
     (("--role", "viewer", "--company", "none"), "company.unknown"),
     (("--role", "viewer", "--shop", "none"), "company.unknown")],
)  # fmt: skip
def test_a_role_that_cannot_be_given_is_a_sentence(central: Commands, words: tuple[str, ...], code: str) -> None:
    central("user", "add", "bruno")

    ended = central("user", "give", "bruno", *words)

    assert (ended.status, f"[{code}]" in ended.err) == (2, True)
    assert central.rows(ROLES) == [("bruno", "viewer", "", "")]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--zone", "Europe/Atlantis", "shop.form"), ("--language", "xx", "shop.languages"),
     ("--country", "Italia", "company.form")],
)  # fmt: skip
def test_a_wrong_value_is_a_sentence_and_nothing_is_made(central: Commands, option: str, value: str, code: str) -> None:
    ended = central.setup(option, value)

    assert ended.status == 2
    assert f"[{code}]" in ended.err
    assert central.rows("SELECT id FROM company") == []


def test_a_short_password_is_refused_before_anything_is_made(
    central: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTRAL_PASSWORD", "short")

    ended = central.setup("--user", "anna")

    assert ended.status == 2
    assert "[password.length]" in ended.err
    assert central.rows("SELECT id FROM company") == []


def test_a_password_can_come_on_standard_input(central: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CENTRAL_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))

    ended = central("user", "add", "bruno", "--role", "manager")

    assert ended.status == 0
    assert central.rows(ROLES) == [("bruno", "manager", "", "")]


@pytest.mark.usefixtures("password")
def test_a_name_that_is_taken_is_a_sentence(central: Commands) -> None:
    central("user", "add", "bruno")

    again = central("user", "add", "Bruno")

    assert again.status == 2
    assert "[user.exists]" in again.err


def test_a_till_is_added_with_a_code_to_enrol_it(central: Commands) -> None:
    shop = central.setup().out.split()[-1]

    ended = central("till", "add", "--shop", shop, "--code", "T1", "--name", "Cassa 1")

    assert ended.status == 0
    assert re.search(r"enrolment code \w{4}-\w{4}-\w{4} ", ended.out)
    assert central("till", "add", "--shop", shop, "--code", "T1", "--name", "Cassa 2").status == 2


class TestImport:
    @pytest.fixture
    def goods(self, central: Commands) -> Path:
        central.setup()
        path = central.folder / "goods.csv"
        path.write_text(GOODS, encoding="utf-8")
        return path

    def test_sound_rows_are_taken_and_the_others_listed_with_their_reason(self, central: Commands, goods: Path) -> None:
        ended = central("import", "items", goods)

        assert ended.status == 0
        assert re.search(r"row 3: .*code\.check_digit", ended.out)
        assert re.search(r"row 4: .*row\.duplicate_code", ended.out)
        assert "3 rows: 2 added, 0 changed, 0 unchanged, 1 left out, notes: 1" in ended.out
        assert len(central.rows("SELECT id FROM item")) == 2

    def test_what_was_found_is_listed_where_told_and_in_the_readers_language(
        self, central: Commands, goods: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
        listed = central.folder / "found.csv"

        ended = central("import", "items", goods, "--errors", listed)

        assert "4,yes,row.duplicate_code" in listed.read_text("utf-8-sig")
        assert "riga 4: esclusa row.duplicate_code:" in ended.out
        assert "3 righe: 2 aggiunte" in ended.out
        assert not goods.with_name("goods.csv.errors.csv").exists()

    def test_a_folder_that_takes_no_file_does_not_stop_an_import(self, central: Commands, goods: Path) -> None:
        ended = central("import", "items", goods, "--errors", central.folder / "none" / "found.csv")

        assert ended.status == 0
        assert "cannot be written" in ended.err
        assert "row 4: left out row.duplicate_code:" in ended.out

    def test_strict_refuses_all_and_ends_with_1(self, central: Commands, goods: Path) -> None:
        ended = central("import", "items", goods, "--strict")

        assert ended.status == 1
        assert "row 4: " in ended.out
        assert "[import.strict]" in ended.err
        assert central.rows("SELECT id FROM item") == []

    def test_vat_and_price_can_be_given_for_rows_without(self, central: Commands) -> None:
        central.setup()
        path = central.folder / "bare.csv"
        path.write_text("code,name\n4006381333931,Penna\n", encoding="utf-8")

        ended = central("import", "items", path, "--vat", "10", "--price", "2.50")

        assert ended.status == 0
        assert central.rows("SELECT vat_code FROM item") == [("10",)]

    @pytest.mark.parametrize(
        ("options", "code"),
        [(["--vat", "99"], "import.vat_option"), (["--map", "price"], "import.map"),
         (["--map", "price=Prezzo"], "import.column"), (["--price", "cheap"], "number.unreadable"),
         (["--company", "0193a000-0000-7000-8000-000000000000"], "company.unknown")],
    )  # fmt: skip
    def test_an_option_that_cannot_be_used_ends_with_2(
        self, central: Commands, goods: Path, options: list[str], code: str
    ) -> None:
        ended = central("import", "items", goods, *options)

        assert ended.status == 2
        assert f"[{code}]" in ended.err
        assert central.rows("SELECT id FROM item") == []

    def test_a_missing_file_ends_with_2(self, central: Commands) -> None:
        central.setup()

        ended = central("import", "items", central.folder / "none.csv")

        assert ended.status == 2
        assert "none.csv" in ended.err

    def test_without_a_company_it_says_so(self, central: Commands) -> None:
        (central.folder / "goods.csv").write_text(GOODS, encoding="utf-8")

        ended = central("import", "items", central.folder / "goods.csv")

        assert ended.status == 2
        assert "[company.which]" in ended.err


def test_missing_settings_are_a_sentence_in_the_persons_language(
    central: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")

    ended = central.run("run", "--config", central.folder / "none.toml")

    assert ended.status == 2
    assert "Il file delle impostazioni" in ended.err


def test_a_database_that_is_not_there_is_a_sentence_with_the_drivers_own_words(central: Commands) -> None:
    settings = central.folder / "central.toml"
    settings.write_text(settings.read_text() + f'[database]\nurl = "postgresql://nobody@127.0.0.1:{free_port()}/x"\n')

    ended = central("migrate")

    assert ended.status == 2
    assert ended.err.splitlines()[0] == "central: The database does not answer. Try again in a moment. [storage.away]"
    assert "refused" in ended.err.splitlines()[1]


def test_a_taken_port_is_a_sentence(central: Commands) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (central.folder / "central.toml").open("a", encoding="utf-8") as file:
            file.write(f"[listen]\nport = {port}\n")
        ended = central("run")

    assert ended.status == 2
    assert str(port) in ended.err
    assert "[listen.in_use]" in ended.err


@pytest.mark.usefixtures("password")
class TestCommandsAreWrittenDown:
    """Every command that changes something leaves a row in the audit that names the system's user."""

    @pytest.fixture
    def acts(self, central: Commands) -> Callable[[], list[tuple[object, ...]]]:
        return lambda: central.rows("SELECT action, actor_name, reason FROM audit ORDER BY id")

    def test_by_whoever_typed_it(
        self, central: Commands, acts: Callable[[], list[tuple[object, ...]]], tmp_path: Path
    ) -> None:
        shop = re.findall(r"shop (\S+)", central.setup("--user", "anna").out)[0]
        added = central("till", "add", "--shop", shop, "--code", "T1", "--name", "Cassa 1")
        till = re.findall(r"till (\S+)", added.out)[0]
        central("till", "code", till)
        central("till", "revoke", till, "--reason", "stolen")
        central("feed", "new-epoch")
        central("rebuild")
        central("project", "--mode", "replay")
        (tmp_path / "goods.csv").write_text(GOODS, encoding="utf-8")
        central("import", "items", tmp_path / "goods.csv")
        central("user", "add", "bruno")

        written = acts()
        assert {name for _, name, _ in written} == {f"{pwd.getpwuid(os.getuid()).pw_name} (command line)"}
        assert ("till.revoked", "stolen") in {(action, reason) for action, _, reason in written}
        assert {action for action, _, _ in written} == {
            "company.saved", "shop.saved", "vat_code.saved", "tender_type.added", "till_settings.saved", "user.added",
            "user.role_given", "till.added", "till.code_issued",
            "till.revoked", "feed.new_epoch", "sales.rebuilt", "chains.projected",
            "items.imported", "items.import_ended",
        }  # fmt: skip

    def test_a_reader_is_let_go_once(self, central: Commands, acts: Callable[[], list[tuple[object, ...]]]) -> None:
        central("migrate")
        with sqlite3.connect(central.folder / "data" / "central.db") as connection:
            connection.execute("INSERT INTO event_reader (name, xid, position) VALUES ('old', 0, 0)")
        connection.close()

        first, second = (central("events", "forget-reader", "old") for _ in range(2))

        assert (first.status, second.status) == (0, 2)
        assert "reader.unknown" in second.err
        assert [action for action, _, _ in acts()] == ["reader.forgotten"]

    def test_a_till_that_nobody_knows_is_not_shut_out(self, central: Commands) -> None:
        central.setup()

        ended = central("till", "revoke", "nowhere")

        assert (ended.status, "till.unknown" in ended.err) == (2, True)
