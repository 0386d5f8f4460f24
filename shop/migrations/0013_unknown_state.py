"""A market in the US knows no state of its visitors until they or their address say one."""

from typing import Any

from django.db import migrations, models


def name_unknown_state(apps: Any, schema_editor: Any) -> None:
    """Let markets of "US-other", which is a known state without a row, begin with "US"."""
    markets = apps.get_model("shop", "Market").objects
    markets.filter(jurisdiction_code="US-other").update(jurisdiction_code="US")


class Migration(migrations.Migration):
    dependencies = [("shop", "0012_search_word_index")]
    operations = [
        migrations.AlterField(
            model_name="market",
            name="jurisdiction_code",
            field=models.CharField(default="US", max_length=16),
        ),
        migrations.RunPython(name_unknown_state),
    ]
