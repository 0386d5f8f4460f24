"""Lists are fetched from allowed hosts at public addresses only, within limits, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pricing.competitors.services.competitor_fetch import Fetcher, FetchRefused, Limits
from shop.ground.kernel.addresses import is_public_address
from tests.factories.competitors import ADDRESS, HOST, drip, make_fetcher, serve

CSV = {"Content-Type": "text/csv"}
LIST = b"sku,price\nBRIE,3.99\n"


def test_a_list_of_an_allowed_host_is_read() -> None:
    with serve({"/list.csv": (200, CSV, "\ufeffsku,price\nCRÈME,3\n".encode())}) as port:
        assert make_fetcher(port).fetch(ADDRESS) == "sku,price\nCRÈME,3\n"


@pytest.mark.parametrize(
    "url",
    [
        "http://prices.hilltop.example/list.csv",
        "ftp://prices.hilltop.example/list.csv",
        "file:///etc/passwd",
        "https://prices.hilltop.example:8443/list.csv",
        "https://alice:secret@prices.hilltop.example/list.csv",
        "https://localhost/list.csv",
        "https://127.0.0.1/list.csv",
        "https://[::1]/list.csv",
        "https://prices.hilltop.example.evil.example/list.csv",
        "https://prices.hilltop.example@evil.example/list.csv",
        "https://evil.example#prices.hilltop.example",
        "https://prices.hilltop.example:notaport/",
        "https:///list.csv",
        "",
    ],
)
def test_no_other_address_is_even_looked_up(url: str) -> None:
    def fail(*_: object) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(FetchRefused):
        Fetcher(allowed_hosts=(HOST,), resolve=fail).fetch(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.1.2.3"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1"),
        *("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::1", "ff02::1", "::"),
        *("::127.0.0.1", "fec0::1", "5f00::1", "2001:1ff::1", "::ffff:93.184.215.14", "3fff::1"),
    ],
)
def test_private_addresses_are_refused_whatever_their_form(address: str) -> None:
    assert not is_public_address(address)
    with pytest.raises(FetchRefused, match="private network"):
        make_fetcher(addresses=("93.184.215.14", address)).fetch(ADDRESS)


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(FetchRefused, match="private network"):
        make_fetcher(addresses=()).fetch(ADDRESS)


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    asked = []

    def connect(host: str, address: str, timeout: float) -> None:
        asked.append((host, address, timeout))
        raise ConnectionRefusedError

    fetcher = Fetcher(allowed_hosts=(HOST,), resolve=lambda _: ["93.184.215.14"], connect=connect)
    with pytest.raises(ConnectionRefusedError):
        fetcher.fetch(ADDRESS)
    assert asked == [(HOST, "93.184.215.14", 10.0)]
    with pytest.raises(ConnectionRefusedError):
        replace(fetcher, limits=Limits(total_seconds=5.0)).fetch(ADDRESS)
    assert asked[1][2] <= 5.0


def test_a_redirect_is_judged_like_the_first_address() -> None:
    answers = {
        "/list.csv": (302, {"Location": "/new.csv"}, b""),
        "/new.csv": (200, CSV, LIST),
        "/away.csv": (301, {"Location": "https://evil.example/list.csv"}, b""),
        "/plain.csv": (301, {"Location": f"http://{HOST}/list.csv"}, b""),
        "/round.csv": (307, {"Location": "/round.csv"}, b""),
        "/none.csv": (302, {"Location": "http://["}, b""),
        "/liste.csv": (302, {"Location": "/größe.csv"}, b""),
    }
    with serve(answers) as port:
        fetcher = make_fetcher(port)
        assert fetcher.fetch(ADDRESS) == LIST.decode()
        with pytest.raises(FetchRefused, match="not allowed this host"):
            fetcher.fetch(f"https://{HOST}/away.csv")
        with pytest.raises(FetchRefused, match="Only https"):
            fetcher.fetch(f"https://{HOST}/plain.csv")
        with pytest.raises(FetchRefused, match="redirects too often"):
            fetcher.fetch(f"https://{HOST}/round.csv")
        for path in ("none", "liste", "größe"):
            with pytest.raises(FetchRefused, match="did not answer as it should"):
                fetcher.fetch(f"https://{HOST}/{path}.csv")


def test_a_slow_answer_is_abandoned_when_time_is_over() -> None:
    headers = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nX-Slow: " + b"x" * 60 + b"\r\n\r\n"
    for at_once in (0, len(headers)):
        with drip(headers + LIST * 4, at_once=at_once, every=0.05) as (port, sent):
            fetcher = replace(make_fetcher(port), limits=Limits(total_seconds=0.3))
            with pytest.raises(FetchRefused, match="took too long"):
                fetcher.fetch(ADDRESS)
        assert sum(sent) < min(len(headers), len(LIST * 4))


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (404, CSV, b"", "did not answer with CSV"),
        (200, {"Content-Type": "text/html"}, LIST, "did not answer with CSV"),
        (200, CSV | {"Content-Encoding": "gzip"}, LIST, "packed"),
        (200, CSV, b"x" * 200_000, "too large"),
        (200, CSV, b"sku,price\n\xff\xfe,1\n", "UTF-8"),
    ],
)
def test_what_is_no_list_is_refused(
    status: int, headers: dict[str, str], body: bytes, said: str
) -> None:
    with (
        serve({"/list.csv": (status, headers, body)}) as port,
        pytest.raises(FetchRefused, match=said),
    ):
        make_fetcher(port).fetch(ADDRESS)


def test_a_silent_host_is_refused_with_a_sentence() -> None:
    with pytest.raises(FetchRefused, match="did not answer as it should"):
        make_fetcher(port=1).fetch(ADDRESS)
