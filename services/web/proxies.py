"""From which address a request really came: a proxy's word is taken only from the proxies this house was told of.

X-Forwarded-For is a list that everybody on the way may have written to; only the entries that trusted proxies added at
its end are true. It is read from the right, up to the first address that is no trusted proxy. No other header counts.
"""

from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from shared.settings import settings

Address = IPv4Address | IPv6Address


@cache
def _trusted(told: str) -> tuple[IPv6Network, ...]:
    return tuple(_mapped(each.strip()) for each in told.split(",") if each.strip())


def _mapped(text: str) -> IPv6Network:
    """A network of either kind as one of IPv6, so that an IPv4 address in IPv6's clothes is the same address."""
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network):
        return network
    return IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")


def _address(text: str) -> Address | None:
    try:
        return ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None


def _is_trusted(address: Address, told: str) -> bool:
    wide = address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")
    return any(wide in network for network in _trusted(told))


def client_of(scope: Scope) -> tuple[str, int] | None:
    """The address a request came from, as everything behind the gate shall see it."""
    peer: tuple[str, int] | None = scope.get("client")
    told = settings().trusted_proxies
    here = _address(peer[0]) if peer else None
    if peer is None or here is None or not told or not _is_trusted(here, told):
        return peer
    said = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    for entry in reversed(said[-1000:].split(",")):
        there = _address(entry)
        if there is None:
            break
        here = there
        if not _is_trusted(there, told):
            break
    plain = here.ipv4_mapped if isinstance(here, IPv6Address) and here.ipv4_mapped else here
    return str(plain), 0
