"""The machine's settings: one TOML file, read once in ``__main__``. Shop settings are registry rows, not files."""

import ipaddress
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from commerce.bounds import Identity
from commerce.errors import BadInputError


class Section(BaseModel):
    """A part of the file; an unknown key is a typing error and stops the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CentralSection(Section):
    """Where central is; ``ca_file`` for a company with its own authority."""

    url: str
    ca_file: Path | None = None
    timeout_s: int = Field(default=20, ge=1, le=300)


class DeviceSection(Section):
    """One device: a name, for people and in what the ledger says of it, the driver, and the driver's own options."""

    name: Identity
    driver: str
    options: dict[str, Any] = {}


class PrinterSection(DeviceSection):
    """A printer, and which documents are its own (``receipt``, ``z_report``); without any it takes all others."""

    prints: list[str] = []


class DrawerSection(DeviceSection):
    """A drawer that opens, and for which drawers of till sessions; without any it opens for all others."""

    driver: str = "printer"
    drawers: list[str] = []


class KeyboardSection(Section):
    """The keyboard, and whether a scanner types on it too: told by a key that it sends first, or by its rhythm."""

    scans_by: Literal["device", "prefix", "rhythm"]
    prefix: str = Field(default="", max_length=20)  # a key by its name in browsers: F9, ~
    rhythm_ms: int = Field(default=35, ge=1, le=200)
    least: int = Field(default=8, ge=3, le=50)

    @model_validator(mode="after")
    def _prefix_is_named(self) -> "KeyboardSection":
        if (self.scans_by == "prefix") != bool(self.prefix):
            raise ValueError('prefix goes with scans_by = "prefix"')
        return self


class DevicesSection(Section):
    """What is plugged in. Without drawers of their own, one hangs on the printer of receipts."""

    scanners: list[DeviceSection] = []
    keyboard: KeyboardSection | None = None
    printers: list[PrinterSection] = []
    drawers: list[DrawerSection] = []
    fiscal_register: DeviceSection | None = None
    card_readers: list[DeviceSection] = []

    @model_validator(mode="after")
    def _each_its_own(self) -> "DevicesSection":
        sections = [*self.scanners, *self.printers, *self.drawers, *self.card_readers]
        names = [each.name for each in (*sections, *([self.fiscal_register] if self.fiscal_register else []))]
        _refuse_twice("the name {} is given to two devices", names)
        _refuse_twice(
            "two printers print {}", [kind or "all others" for each in self.printers for kind in each.prints or [""]]
        )
        _refuse_twice(
            "two drawers open for {}", [name or "all others" for each in self.drawers for name in each.drawers or [""]]
        )
        return self


class ListenSection(Section):
    """Where the page is served. Beyond loopback it takes a certificate, and the names it is reached by."""

    host: str = "127.0.0.1"
    port: int = Field(default=8401, ge=0, le=65535)
    allowed_hosts: list[str] = []
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _no_plain_network(self) -> "ListenSection":
        loopback = self.host == "localhost" or _is_loopback(self.host)
        if not loopback and not (self.certificate and self.key and self.allowed_hosts):
            raise ValueError("beyond loopback, listen needs certificate, key and allowed_hosts")
        return self


class TillConfig(Section):
    """``till.toml``."""

    data_dir: Path
    listen: ListenSection = Field(default_factory=ListenSection)
    central: CentralSection | None = None
    devices: DevicesSection = Field(default_factory=DevicesSection)
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @field_validator("data_dir")
    @classmethod
    def _home(cls, path: Path) -> Path:
        return path.expanduser()


def read_config(path: Path) -> TillConfig:
    """Read the file; BadInputError ``config.missing`` or ``config.wrong`` with the place and the reason."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError("config.missing", path=str(path), reason=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError("config.wrong", path=str(path), place="", reason=str(error)) from error
    try:
        config = TillConfig.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInputError("config.wrong", path=str(path), place=place, reason=first["msg"]) from error
    if config.data_dir.is_absolute():
        return config
    return config.model_copy(update={"data_dir": (path.parent / config.data_dir).resolve()})


def read_boot_id() -> str:
    """Return what tells this boot of the machine from others; empty where nobody says.

    The till's unit hides the kernel's own file and hands the id over instead.
    """
    given = os.environ.get("CASSAFORTE_BOOT_ID")
    if given is not None:
        return given
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _claims(lists: Iterable[list[str]]) -> list[str]:
    return [name for names in lists for name in names or ["all others"]]


def _refuse_twice(sentence: str, words: list[str]) -> None:
    for word in words:
        if words.count(word) > 1:
            raise ValueError(sentence.format(word))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
