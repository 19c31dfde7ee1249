from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commerce.errors import BadInputError
from terminal.config import read_config

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    path = folder / "till.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_data_directory_is_all_that_is_needed(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, 'data_dir = "data"\n'))

    assert config.data_dir == tmp_path / "data"
    assert (config.listen.host, config.listen.port) == ("127.0.0.1", 8401)
    assert config.central is None
    assert config.devices.scanners == []


def test_a_relative_data_directory_is_beside_the_settings_and_not_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, 'data_dir = "data"\n')
    monkeypatch.chdir("/")

    assert read_config(path).data_dir == tmp_path / "data"


def test_the_home_directory_can_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "of-the-till"))

    assert read_config(write(tmp_path, 'data_dir = "~/data"\n')).data_dir == tmp_path / "of-the-till" / "data"


def test_no_two_devices_have_one_name(tmp_path: Path) -> None:
    text = 'data_dir = "d"\n[devices.fiscal_register]\nname = "POS"\ndriver = "fake"\n'

    with pytest.raises(BadInputError, match="two devices"):
        read_config(write(tmp_path, f'{text}[[devices.card_readers]]\nname = "POS"\ndriver = "virtual"\n'))


PRINTER = '[[devices.printers]]\ndriver = "virtual"\n'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "data_dir"),
        ('data_dir = "d"\nlogging = "info"\n', "logging"),
        ('data_dir = "d"\nlog_level = "loud"\n', "log_level"),
        ('data_dir = "d"\n[listen]\nport = 70000\n', "listen.port"),
        ('data_dir = "d"\n[central]\nurl = "https://c.example"\ntimeout_s = 0\n', "central.timeout_s"),
        ('data_dir = "d"\n[[devices.scanners]]\nname = "s"\n', "devices.scanners.0.driver"),
        (
            'data_dir = "d"\n[[devices.printers]]\nname = "p"\ndriver = "virtual"\nhost = "h"\n',
            "devices.printers.0.host",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        read_config(write(tmp_path, text))

    assert refusal.value.code == "config.wrong"
    assert refusal.value.values["place"] == place


@pytest.mark.parametrize("content", [b"data_dir = ", b"data_dir = '\xff'"], ids=["no toml", "no text"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "till.toml"
    path.write_bytes(content)

    with pytest.raises(BadInputError, match=r"config\.wrong"):
        read_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as refusal:
        read_config(tmp_path / "none.toml")

    assert refusal.value.code == "config.missing"
    assert refusal.value.values["path"] == str(tmp_path / "none.toml")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "till.example"])  # noqa: S104 - refused
def test_beyond_loopback_a_certificate_and_the_names_of_the_till_are_needed(tmp_path: Path, host: str) -> None:
    text = f'data_dir = "d"\n[listen]\nhost = "{host}"\n'

    with pytest.raises(BadInputError, match="certificate"):
        read_config(write(tmp_path, text))

    whole = f'{text}certificate = "c.pem"\nkey = "k.pem"\nallowed_hosts = ["till.example:8401"]\n'
    assert read_config(write(tmp_path, whole)).listen.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_certificate(tmp_path: Path, host: str) -> None:
    assert read_config(write(tmp_path, f'data_dir = "d"\n[listen]\nhost = "{host}"\n')).listen.host == host
