"""Bodies over the limit are refused before anything is read; files by who may send them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

MEBIBYTE = 1_048_576
FORM = "multipart/form-data; boundary=b"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's own connection, as Django's test client does."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


class Unreadable(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise AssertionError("the body was read")


def send(path: str, size: int, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Announce `size` bytes to the shop as its server would; return status and page."""
    environ = RequestFactory().post(path, headers=headers).environ
    environ |= {
        "CONTENT_LENGTH": str(size),
        "CONTENT_TYPE": FORM,
        "wsgi.input": io.BufferedReader(Unreadable()),
    }
    statuses: list[str] = []
    body = b"".join(WSGIHandler()(environ, lambda status, _headers: statuses.append(status)))
    return int(statuses[0].split()[0]), body.decode()


@pytest.mark.parametrize("size", [MEBIBYTE + 1, 300 * MEBIBYTE])
@pytest.mark.parametrize("path", ["/cart/add/", "/account/login/", "/admin/login/", "/events/"])
def test_nothing_is_read_of_what_a_page_does_not_take(path: str, size: int) -> None:
    status, page = send(path, size)
    assert (status, "This is too large" in page) == (413, True)
    status, page = send(f"/zh-hans{path}", size)
    assert (status, "内容过大" in page) == (413, True)


@pytest.mark.parametrize("path", ["/api/v1/quotes", "/_allauth/app/v1/auth/login"])
def test_the_api_says_it_in_its_shape(path: str) -> None:
    status, body = send(path, 300 * MEBIBYTE)
    assert (status, '"code":"body_too_large"' in body.replace(": ", ":")) == (413, True)


def sign_in(*permissions: str, is_staff: bool = True) -> dict[str, str]:
    """The headers of a new account with these permissions."""
    account = get_user_model().objects.create_user(
        f"{len(permissions)}{is_staff}@example.com", "x", is_staff=is_staff
    )
    for permission in permissions:
        account.user_permissions.add(Permission.objects.get(codename=permission))
    client = Client()
    client.force_login(account)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def test_files_are_taken_from_those_who_may_send_them() -> None:
    def is_taken(path: str, size: int, headers: Mapping[str, str] | None = None) -> bool:
        status, _page = send(path, size, headers)
        assert status in (413, 403)  # 403: past the limit, and no token of a form is with it
        return status == 403

    campaigns, codes = "/admin/campaigns/import/", "/admin/promotions/codeimport/add/"
    proof = "/account/groups/prove/"
    marketer = sign_in("add_campaign")
    shopper = sign_in(is_staff=False)
    assert is_taken(campaigns, 5 * MEBIBYTE, marketer)
    assert not is_taken(campaigns, 7 * MEBIBYTE, marketer)
    assert not is_taken(codes, 5 * MEBIBYTE, marketer)
    assert not is_taken(campaigns, 5 * MEBIBYTE, shopper)
    assert not is_taken(campaigns, 5 * MEBIBYTE)
    assert is_taken(proof, 5 * MEBIBYTE, shopper)
    assert not is_taken(proof, 5 * MEBIBYTE)
