"""Central's machine settings: one TOML file, read once in ``__main__``."""

import ipaddress
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from commerce.errors import BadInputError
from commerce.mail import is_address


class Section(BaseModel):
    """A part of the file; an unknown key is a typing error and stops the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ListenSection(Section):
    """Where tills and browsers come. Beyond loopback it takes a certificate and the names it is reached by.

    ``trusted_proxies`` are addresses or networks, such as ``10.0.0.5`` or ``fd00:12::/64``, of what stands in front.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65535)
    allowed_hosts: list[str] = []
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: list[str] = []

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, texts: list[str]) -> list[str]:
        for text in texts:
            if ipaddress.ip_network(text).prefixlen == 0:
                raise ValueError(f"{text} is everybody: name the networks of the proxies")
        return texts

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Return from where an ``X-Forwarded-For`` is believed."""
        return tuple(map(ipaddress.ip_network, self.trusted_proxies))

    @model_validator(mode="after")
    def _no_plain_network(self) -> "ListenSection":
        if bool(self.certificate) != bool(self.key):
            raise ValueError("a certificate needs its key and a key its certificate")
        if not _is_loopback(self.host) and not (self.certificate and self.allowed_hosts):
            raise ValueError("beyond loopback, listen needs certificate, key and allowed_hosts")
        return self


class DatabaseSection(Section):
    """``url``: ``postgresql://…``; without it SQLite in the data directory."""

    url: str | None = None

    @field_validator("url")
    @classmethod
    def _known_engine(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("database.url starts with sqlite:/// or postgresql://")
        return url


class ProjectionSection(Section):
    """Chains of which modes become sales."""

    modes: list[Literal["live", "training", "demo", "replay"]] = ["live"]


class PaceSection(Section):
    """What one till may push: so many entries at once after a long absence, then so many a minute."""

    burst: int = Field(default=500_000, ge=1_000)
    per_minute: int = Field(default=12_000, ge=60)


class MailSection(Section):
    """The server that takes our mail; without a ``host`` mail waits. The password stands in a file of its own."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: str = ""
    user: str | None = None
    password_file: Path | None = None
    tell_of_tills: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "MailSection":
        if self.host and "@" not in self.sender:
            raise ValueError("mail needs a sender, such as Bottega <post@example.com>")
        if self.security == "none" and self.host and not _is_loopback(self.host):
            raise ValueError("mail without TLS goes to this machine only")
        if self.tell_of_tills and not self.host:
            raise ValueError("tell_of_tills needs a host that takes mail")
        if not all(map(is_address, self.tell_of_tills)):
            raise ValueError("tell_of_tills takes addresses such as anna@example.com")
        return self


class JobsSection(Section):
    """How many jobs that people wait for one process does beside each other."""

    beside: int = Field(default=2, ge=1, le=16)


class CentralConfig(Section):
    """``central.toml``. ``key_file`` is shared by all processes on one database."""

    data_dir: Path
    listen: ListenSection = Field(default_factory=ListenSection)
    database: DatabaseSection = DatabaseSection()
    projection: ProjectionSection = ProjectionSection()
    pace: PaceSection = PaceSection()
    mail: MailSection = MailSection()
    jobs: JobsSection = JobsSection()
    key_file: Path | None = None
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @property
    def database_url(self) -> str:
        """Return where the database is."""
        return self.database.url or f"sqlite:///{self.data_dir / 'central.db'}"

    @property
    def signing_key(self) -> Path:
        """Return where central's key is."""
        return self.key_file or self.data_dir / "central.key"


def read_config(path: Path) -> CentralConfig:
    """Read the file; BadInputError ``config.missing`` or ``config.wrong`` with the place and the reason."""
    try:
        config = CentralConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInputError("config.missing", path=str(path), reason=error.strerror) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInputError("config.wrong", path=str(path), place=place, reason=first["msg"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError("config.wrong", path=str(path), place="", reason=str(error)) from error
    return config.model_copy(update={"data_dir": (path.parent / config.data_dir.expanduser()).resolve()})


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
