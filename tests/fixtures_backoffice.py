"""Fixtures of the staff's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.utils.translation import override
from pytest_django import DjangoDbBlocker

from shop.backoffice.memory import forget_all
from shop.management.commands.seed_roles import seed_roles
from tests.factories.backoffice import make_staff, stock_shop


@pytest.fixture(scope="module")
def stocked_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Eight rows in every table, and the roles; made once per module, undone at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed_roles()
        stock_shop()
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
