"""The stocked shop is copied for each module, whatever ran before."""

from django.contrib.auth.models import Permission
from django.db import connection

from shop.ground.catalog.models import Market
from tests.seeded_rows import read_rows, write_rows


def _sorted(rows: dict[str, bytes]) -> dict[str, list[bytes]]:
    """Where a row lies in its table depends on what was deleted there before."""
    return {table: sorted(content.splitlines()) for table, content in rows.items()}


def test_the_stocked_shop_is_copied_as_it_was_made(
    stocked_shop: None, stocked_rows: dict[str, bytes]
) -> None:
    write_rows(stocked_rows)
    made = _sorted(stocked_rows)
    assert _sorted(read_rows()) == made
    Permission.objects.all().delete()
    Market.objects.filter(code="us").update(name="other")
    assert _sorted(read_rows()) != made
    write_rows(stocked_rows)
    assert _sorted(read_rows()) == made


def test_rows_return_although_another_test_made_their_partition(
    stocked_shop: None, stocked_rows: dict[str, bytes]
) -> None:
    made = _sorted(stocked_rows)["profiles_event"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM profiles_event")
        cursor.execute("DROP TABLE IF EXISTS profiles_event_2026_11")  # left by a test that commits
        cursor.execute(
            "CREATE TABLE profiles_event_of_november PARTITION OF profiles_event"
            " FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')"
        )
    write_rows(stocked_rows)
    assert _sorted(read_rows())["profiles_event"] == made != []
