"""Fetch a competitor's list: from hosts the operator allows, from public addresses, within limits.

Staff may write any address into a source. What keeps that from reaching into the shop's own
network is here: https on port 443, a host on the list of the environment (COMPETITOR_HOSTS), a
connection to the very address that was looked up and found public, redirects judged like the
first address, and limits of size and time.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Buffer, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from pricing.competitors.models.competitors import CompetitorSource
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.addresses import is_public_address
from shop.ground.kernel.errors import FairtagError

HTTPS_PORT = 443
MOST_BYTES = 20_000_000
MOST_REDIRECTS = 3
CHUNK = 65_536
STEP_SECONDS = 10.0
TOTAL_SECONDS = 60.0
REDIRECTS = {301, 302, 303, 307, 308}
TYPES = {"text/csv", "text/plain", "application/csv", "application/octet-stream"}
HEADERS = {
    "User-Agent": "Fairtag price reader",
    "Accept": "text/csv, text/plain;q=0.5",
    "Accept-Encoding": "identity",
}

Resolve = Callable[[str], list[str]]
Connect = Callable[[str, str, float], http.client.HTTPConnection]


class FetchRefused(FairtagError):
    """The address may not be fetched, or what it answered is no list we read."""

    code = "fetch_refused"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long at most; tests choose smaller ones."""

    most_bytes: int = MOST_BYTES
    step_seconds: float = STEP_SECONDS
    total_seconds: float = TOTAL_SECONDS


class _PinnedConnection(http.client.HTTPSConnection):
    """Speaks TLS with `host`, but to the address that was judged: a second look-up may lie."""

    def __init__(self, host: str, address: str, timeout: float) -> None:
        self._trust = ssl.create_default_context()
        super().__init__(host, HTTPS_PORT, timeout=timeout, context=self._trust)
        self._address = address

    def connect(self) -> None:
        """Connect to the judged address; the certificate must still be the host's."""
        plain = socket.create_connection((self._address, HTTPS_PORT), self.timeout)
        try:
            self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise


def _left(ends: float) -> float:
    """Return the seconds left until `ends`. Raises FetchRefused when there are none."""
    left = ends - time.monotonic()
    if left <= 0.0:
        raise FetchRefused(_("The list took too long."))
    return left


class _TimedReader(io.RawIOBase):
    """Reads what a socket brings until `ends`: a time-out alone begins anew with every byte."""

    def __init__(self, plain: socket.socket, ends: float, step: float) -> None:
        super().__init__()
        self._socket, self._ends, self._step = plain, ends, step
        self._raw = plain.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        """Read once, waiting no longer than there is time left."""
        self._socket.settimeout(min(self._step, _left(self._ends)))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let the socket go."""
        self._raw.close()
        super().close()


@dataclass(frozen=True, slots=True)
class _TimedSocket:
    """What `http.client` uses of a connected socket, all of it over at `ends` at the latest."""

    plain: socket.socket
    ends: float
    step: float

    def sendall(self, sent: Buffer) -> None:
        """Send everything in the time left."""
        self.plain.settimeout(min(self.step, _left(self.ends)))
        self.plain.sendall(sent)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what to read the answer from."""
        return io.BufferedReader(_TimedReader(self.plain, self.ends, self.step))

    def close(self) -> None:
        """Close the socket once nobody reads it any more."""
        self.plain.close()


def resolve_host(host: str) -> list[str]:
    """Return all addresses of a host, in the order of the system. Raises FetchRefused."""
    try:
        found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchRefused(_("The host has no address."), host=host) from error
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches texts from `allowed_hosts`. `resolve` and `connect` are the world, for tests."""

    allowed_hosts: Collection[str]
    limits: Limits = field(default_factory=Limits)
    resolve: Resolve = resolve_host
    connect: Connect = _PinnedConnection

    def check(self, url: str) -> SplitResult:
        """Return the parts of an address that may be fetched. Raises FetchRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise FetchRefused(_("This is not a valid address."), url=url) from error
        if parts.scheme != "https" or port not in (None, HTTPS_PORT):
            raise FetchRefused(_("Only https addresses on the usual port are fetched."), url=url)
        if parts.username is not None or parts.password is not None:
            raise FetchRefused(_("An address must not carry a password."), url=url)
        if (parts.hostname or "") not in {one.lower() for one in self.allowed_hosts}:
            raise FetchRefused(
                _("The operator has not allowed this host."), host=parts.hostname or ""
            )
        return parts

    def fetch(self, url: str) -> str:
        """Return the text at an address. Raises FetchRefused for everything that goes wrong."""
        ends = time.monotonic() + self.limits.total_seconds
        for _hop in range(MOST_REDIRECTS + 1):
            parts = self.check(url)
            host = str(parts.hostname)
            address = self._judge(host)
            step = self.limits.step_seconds
            connection = self.connect(host, address, min(step, _left(ends)))
            try:
                connection.connect()
                connection.sock = _TimedSocket(connection.sock, ends, step)
                target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
                connection.request("GET", target, headers=HEADERS)
                answer = connection.getresponse()
                if answer.status not in REDIRECTS:
                    return self._read(answer)
                url = urljoin(url, answer.headers.get("Location", ""))
            # ValueError: a Location that is no address, or one beyond ASCII.
            except (OSError, http.client.HTTPException, ValueError) as error:
                _left(ends)  # where the time is over, say that
                raise FetchRefused(
                    _("The address did not answer as it should."), problem=type(error).__name__
                ) from error
            finally:
                connection.close()
        raise FetchRefused(_("The address redirects too often."))

    def _judge(self, host: str) -> str:
        """Return an address of the host. One that is not public makes all of them suspect."""
        found = self.resolve(host)
        if not found or not all(is_public_address(one) for one in found):
            raise FetchRefused(_("The host lies in a private network."), host=host)
        return found[0]

    def _read(self, answer: http.client.HTTPResponse) -> str:
        kind = answer.headers.get_content_type()
        if answer.status != http.client.OK or kind not in TYPES:
            raise FetchRefused(_("The address did not answer with CSV."), status=answer.status)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise FetchRefused(_("The address answered with packed bytes."))
        body = bytearray()
        while chunk := answer.read1(CHUNK):
            body += chunk
            if len(body) > self.limits.most_bytes:
                raise FetchRefused(_("The list is too large."), most_bytes=self.limits.most_bytes)
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FetchRefused(_("The list is not written in UTF-8.")) from error


class SourceRefused(FairtagError):
    """A source in another currency than its market's, or without a reason why it may be read."""

    code = "source_refused"


def check_source(*, kind: str, url: str, currency: str, market: str, basis: str) -> None:
    """Raise SourceRefused or FetchRefused for a source that could never be used."""
    expected = get_market(market).currency
    if currency != expected:
        raise SourceRefused(_("Prices must be in the market's currency."), currency=expected)
    if not basis.strip():
        raise SourceRefused(_("Say where these prices are public and why we may read them."))
    if kind == CompetitorSource.Kind.HTTP:
        Fetcher(settings.COMPETITOR_HOSTS).check(url)


def register_upload(
    *, code: str, name: str, basis: str, ttl_hours: int, market: str, now: datetime
) -> int:
    """Register a source whose lists are brought by a program, unless it is there; return its id."""
    known = CompetitorSource.objects.filter(code=code).values_list("pk", flat=True).first()
    if known is not None:
        return int(known)
    source = CompetitorSource(
        code=code,
        name=name,
        kind=CompetitorSource.Kind.UPLOAD,
        market_id=market,
        currency=get_market(market).currency,
        basis=basis,
        ttl_hours=ttl_hours,
    )
    return save_source(source=source, by_id=None, now=now)


def save_source(*, source: CompetitorSource, by_id: int | None, now: datetime) -> int:
    """Register a source or change it; return its id. Raises what `check_source` raises.

    A source out of use is not expected to say anything, and after it only once it has spoken again.
    """
    check_source(
        kind=source.kind,
        url=source.url,
        currency=source.currency,
        market=source.market_id,
        basis=source.basis,
    )
    if source._state.adding:
        source.created_at, source.created_by_id = now, by_id
    if not source.is_active:
        source.imported_at = None
    source.save()
    return int(source.pk)
