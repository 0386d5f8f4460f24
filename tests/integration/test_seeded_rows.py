"""Whatever order tests run in, each finds the rows that migrations wrote."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from shop.catalog.models import Market


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_test_that_commits_finds_the_seeds_and_may_drop_them(turn: str) -> None:
    assert Market.objects.filter(code="us").exists(), turn
    assert Permission.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE shop_market CASCADE")
    assert not Market.objects.exists()
