"""Which addresses we may send to: never those inside our own walls, unless the operator says so. Resolves no name."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST = 500  # characters of a URL
_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
_OF_OLD = "fec0::/10, 192.88.99.0/24"  # given up (RFC 3879, 7526), and still routed inside some houses

Address = IPv4Address | IPv6Address


def plain(text: str) -> Address | None:
    """An address as it is written, without a zone; IPv4 in the clothes of IPv6 is undressed. None: it is a name."""
    try:
        found = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _TRANSLATED:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        return inner or found
    return found


def inside(address: Address, allowed: str) -> bool:
    """Whether an address lies in one of the networks that the operator allowed (by commas)."""
    return any(
        address in ip_network(part.strip(), strict=False)
        for part in allowed.split(",")
        if part.strip() and ip_network(part.strip(), strict=False).version == address.version
    )


def refused(text: str, allowed: str) -> bool:
    """Whether nothing may be sent to this address: not a public one, and not allowed by name."""
    address = plain(text)
    if address is None:
        return True
    if inside(address, allowed):
        return False
    return not address.is_global or address.is_multicast or address.is_reserved or inside(address, _OF_OLD)


def wrong(url: str, allowed: str) -> str:
    """What is wrong with an endpoint's URL, as a key; empty when it may be tried.

    http, without s, only where the operator allows addresses of ours at all: there is no certificate inside.
    """
    if len(url) > LONGEST:
        return "too_long"
    if any(sign.isspace() or not sign.isprintable() for sign in url) or "\\" in url:
        return "pattern"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "pattern"
    if parts.scheme not in {"https", "http"} or not host or not host.isascii():
        return "pattern"  # a name in another script is written xn--…: what others make of its signs is not known here
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "credentials"
    if parts.scheme == "http" and not allowed:
        return "http"
    address = plain(host)
    if address is not None and refused(str(address), allowed):
        return "inside"
    if (
        address is None
        and not allowed
        and (host == "localhost" or host.endswith((".localhost", ".internal", ".local")))
    ):
        return "inside"
    return ""
