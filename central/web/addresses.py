"""Where a request comes from. The one place that reads it: behind a proxy the other end of the socket is the proxy."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from central.web.keys import WEB_SETTINGS
from central.web.settings import WebSettings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_MOST_HOPS = 32


def client_address(request: web.Request) -> str:
    """Return the address of whoever asks: of the socket, or what trusted proxies say of it; "" when there is none.

    ``X-Forwarded-For`` counts only from a trusted proxy, and of it only what trusted proxies wrote: read from the
    right, the first address that is none of theirs. What stands left of that, anybody may have invented.
    """
    settings = request.app.get(WEB_SETTINGS) or WebSettings()
    hops = [hop for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    return forwarded_for(request.remote or "", hops, settings.trusted_proxies)


def forwarded_for(peer: str, hops: list[str], trusted: tuple[Network, ...]) -> str:
    """Return the rightmost address that is no trusted proxy's; an unreadable hop ends the walk before it."""
    here = _read(peer)
    if here is None:
        return peer[:64]
    for hop in reversed(hops[-_MOST_HOPS:]):
        before = _read(hop) if _is_trusted(here, trusted) else None
        if before is None:
            break
        here = before
    return str(here)


def _is_trusted(address: Address, trusted: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _read(text: str) -> Address | None:
    """Read an address as proxies write it, with a port or brackets too; one of IPv4 in IPv6's clothes is IPv4."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
