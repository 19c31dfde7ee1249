"""Secrets are sealed under central's own key: every process that has it opens them, and nobody else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.app import build
from central.config import read_config
from central.identity.sealing import seal, sealing_key, unseal
from central.web.keys import WEB_SETTINGS
from central.web.settings import WebSettings
from tests.central.office import Clock

if TYPE_CHECKING:
    from pathlib import Path


def settings_of(folder: Path) -> bytes:
    central = build(read_config(folder / "central.toml"), Clock().__call__)
    return central.web[WEB_SETTINGS].sealing_key


def test_two_processes_with_one_key_file_open_each_others_secrets(tmp_path: Path) -> None:
    for place in ("a", "b", "c"):
        (tmp_path / place).mkdir()
        key = tmp_path / ("other.key" if place == "c" else "central.key")
        (tmp_path / place / "central.toml").write_text(f'data_dir = "data"\nkey_file = "{key}"\n', encoding="utf-8")
    first, second, other = (settings_of(tmp_path / place) for place in ("a", "b", "c"))

    sealed = seal(first, "secret", "anna")

    assert unseal(second, sealed, "anna") == "secret"
    assert unseal(other, sealed, "anna") is None
    assert unseal(first, sealed, "bruno") is None
    assert unseal(first, sealed[:-1], "anna") is None


def test_what_secrets_are_sealed_under_is_not_what_central_signs_with() -> None:
    private = Ed25519PrivateKey.generate().private_bytes_raw()

    assert sealing_key(private) != private
    assert sealing_key(private) == sealing_key(private)


def test_one_secret_is_sealed_differently_each_time() -> None:
    key = b"k" * 32

    assert seal(key, "secret", "anna") != seal(key, "secret", "anna")


def test_settings_that_are_printed_do_not_tell_the_key() -> None:
    settings = WebSettings()
    assert settings.sealing_key.hex() not in repr(settings)
    assert repr(settings.sealing_key) not in repr(settings)
