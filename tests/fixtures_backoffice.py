"""Fixtures of the staff's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.utils.translation import override
from pytest_django import DjangoDbBlocker

from shop.doors.backoffice.memory import forget_all
from shop.ground.staff.roles import MERCHANDISER
from shop.management.commands.seed_roles import seed_roles
from tests.factories.backoffice import make_staff, stock_shop
from tests.seeded_rows import read_rows, write_rows


@pytest.fixture(scope="session")
def stocked_rows() -> dict[str, bytes]:
    """What the stocked shop's tables hold: kept when it is made, copied for later modules."""
    return {}


@pytest.fixture(scope="module")
def stocked_module(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, stocked_rows: dict[str, bytes]
) -> Iterator[None]:
    """Eight rows in every table, and the roles, for a module; undone at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        if stocked_rows:
            write_rows(stocked_rows)
        else:
            seed_roles()
            stock_shop()
            stocked_rows.update(read_rows())
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def stocked_shop(stocked_module: None, db: None) -> Iterator[None]:
    """The stocked shop; what the test changes is undone at its end, the language too."""
    forget_all()
    with override("en"):  # a request in Chinese leaves its thread in Chinese
        yield
    forget_all()


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of staff are decided and gathered, not drawn: drawing is most of their work."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", property(lambda _each: ""))


@pytest.fixture
def root(stocked_shop: None) -> Client:
    """The superuser's browser."""
    client = Client()
    client.force_login(make_staff(is_superuser=True))
    return client


@pytest.fixture
def as_role(stocked_shop: None) -> Callable[[str], Client]:
    """Return a browser logged in with a role; "" is staff without any."""

    def log_in(role: str) -> Client:
        client = Client()
        client.force_login(make_staff(role))
        return client

    return log_in


@pytest.fixture
def merchandiser(as_role: Callable[[str], Client]) -> Client:
    """The browser of a merchandiser."""
    return as_role(MERCHANDISER)
