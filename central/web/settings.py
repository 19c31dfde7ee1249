"""What the pages need to know from outside; filled by the composition root."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``hosts`` are the names this server answers to, with port where it is not the default; empty means any loopback
    name. ``secure`` says that browsers come by TLS, so cookies may say so too. ``trusted_proxies`` are believed when
    they say for whom they ask. ``sealing_key`` is what secrets are sealed under that central has to read again: the one
    of ``central.key``, since with a fresh one nothing opens that was sealed before."""

    hosts: frozenset[str] = frozenset()
    secure: bool = False
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    sealing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    session_length: timedelta = field(default=timedelta(hours=12))
    idle_length: timedelta = field(default=timedelta(hours=3))
