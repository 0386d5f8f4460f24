"""Which address a request comes from, when reverse proxies stand in between."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

UNKNOWN = "unknown"
SUBSCRIBER_BITS = 64


def find_client(peer: str, forwarded: str, *, proxies: int) -> str:
    """Return the address of the client, as far as it can be trusted, or "unknown".

    `peer` is who called us; `forwarded` is X-Forwarded-For. Each of our `proxies` appends the
    address it was called from, so the client is that many entries from the right; what stands
    further left was sent by the client and may be a lie. Without proxies the header is ignored.

    >>> find_client("10.0.0.1", "6.6.6.6, 198.51.100.7", proxies=1)
    '198.51.100.7'
    >>> find_client("203.0.113.5", "6.6.6.6", proxies=0)
    '203.0.113.5'
    """
    hops = [hop.strip() for hop in forwarded.split(",")]
    return _clean(hops[-proxies] if 0 < proxies <= len(hops) else peer)


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


def _clean(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
