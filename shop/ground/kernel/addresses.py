"""Client address of a request, and addresses that are not public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

UNKNOWN = "unknown"
SUBSCRIBER_BITS = 64
GIVEN = IPv6Network("2000::/3")
# Protocols and tunnels, documentation, version 4 inside version 6 (6to4).
SPECIAL = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from; `is_forwarded` if a proxy of ours passed it on."""

    address: str
    is_forwarded: bool


def find_client(peer: str, forwarded: str, *, proxies: Sequence[Network]) -> Origin:
    """Return the address of the client, as far as it can be trusted, or "unknown".

    `peer` connected to us; `forwarded` is X-Forwarded-For. Each proxy appends the address it was
    called from, so the client is the first from the right that is no proxy of ours; what stands
    further left was sent by the client and may be a lie. If `peer` itself is no proxy of ours, the
    header is ignored.

    >>> ours = [IPv4Network("10.0.0.0/24")]
    >>> find_client("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", proxies=ours).address
    '198.51.100.7'
    >>> find_client("203.0.113.5", "6.6.6.6", proxies=ours).address
    '203.0.113.5'
    """
    known = read_address(peer)
    if known is None:
        return Origin(UNKNOWN, is_forwarded=False)
    if not _is_within(known, proxies):
        return Origin(str(known), is_forwarded=False)
    nearest = known
    for hop in reversed(forwarded.split(",")):
        address = read_address(hop.strip())
        if address is None:
            break
        nearest = address
        if not _is_within(address, proxies):
            break
    return Origin(str(nearest), is_forwarded=True)


def read_address(text: str) -> Address | None:
    """Return an address, one of version 4 written as version 6 as what it is; None if it is none.

    >>> read_address("::ffff:127.0.0.1")
    IPv4Address('127.0.0.1')
    """
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def subscriber_of(address: str) -> str:
    """Return what limits count for `address`: itself, or its /64 if it is of version 6.

    One line is given 2^64 addresses of version 6: counted one by one they buy endless tries.

    >>> subscriber_of("2001:db8:1:2:aaaa::1"), subscriber_of("198.51.100.7")
    ('2001:db8:1:2::', '198.51.100.7')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, SUBSCRIBER_BITS), strict=False).network_address)
    return str(parsed)


def is_public_address(address: str) -> bool:
    """Return whether an IP address is one of the open internet, and no way around to another.

    Of version 6 only what is given to networks (2000::/3) is, without the blocks for special uses;
    addresses that carry one of version 4 lead elsewhere than they look and are not.

    >>> [is_public_address(one) for one in ("93.184.215.14", "10.0.0.1", "169.254.169.254", "::1")]
    [True, False, False, False]
    >>> [is_public_address(one) for one in ("2606:4700::1", "::127.0.0.1", "fec0::1", "2001::1")]
    [True, False, False, False]
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        return found in GIVEN and not _is_within(found, SPECIAL) and found.is_global
    return found.is_global and not found.is_multicast


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
