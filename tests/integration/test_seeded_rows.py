"""Whatever order tests run in, each finds the rows that migrations wrote, and no other."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection

from shop.ground.catalog.models import Market


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_committing_test_finds_seeds_alone_and_may_drop_them(turn: str) -> None:
    assert Market.objects.filter(code="us").exists(), turn
    assert Permission.objects.exists()
    assert not get_user_model().objects.exists(), turn
    get_user_model().objects.create_user("left@example.com")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE shop_market CASCADE")
    assert not Market.objects.exists()
