from pathlib import Path

import pytest

from central.config import read_config
from commerce.errors import BadInputError


def written(folder: Path, text: str) -> Path:
    path = folder / "central.toml"
    path.write_text(f'data_dir = "data"\n{text}', encoding="utf-8")
    return path


def test_sqlite_in_the_data_directory_is_the_default(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, ""))

    assert config.database_url == f"sqlite:///{tmp_path.resolve()}/data/central.db"
    assert (config.listen.host, config.listen.port, config.projection.modes) == ("127.0.0.1", 8400, ["live"])


@pytest.mark.parametrize(
    "text",
    [
        '[listen]\nhost = "0.0.0.0"',
        '[listen]\nhost = "192.168.1.4"\nallowed_hosts = ["central.example"]',
        '[listen]\ncertificate = "c.pem"',
        '[database]\nurl = "mysql://x"',
        '[projection]\nmodes = ["everything"]',
        '[listen]\ntrusted_proxies = ["10.0.0.5/24"]',
        '[listen]\ntrusted_proxies = ["everybody"]',
        '[listen]\ntrusted_proxies = ["0.0.0.0/0"]',
        '[mail]\nhost = "mail.example"',
        '[mail]\nhost = "mail.example"\nsender = "a@b.example"\nsecurity = "none"',
        '[mail]\ntell_of_tills = ["anna@example.com"]',
        '[mail]\nhost = "mail.example"\nsender = "a@b.example"\ntell_of_tills = ["Anna"]',
        "[jobs]\nbeside = 0",
        "surprise = 1",
        "not toml",
    ],
)
def test_a_setting_that_cannot_be_stops_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInputError, match=r"config\.wrong"):
        read_config(written(tmp_path, text))


def test_beyond_loopback_it_takes_a_certificate(tmp_path: Path) -> None:
    text = '[listen]\nhost = "0.0.0.0"\ncertificate = "c.pem"\nkey = "k.pem"\nallowed_hosts = ["central.example"]'

    assert read_config(written(tmp_path, text)).listen.host == "0.0.0.0"  # noqa: S104 - what is tested


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"config\.missing"):
        read_config(tmp_path / "nothing.toml")
