"""Prices are drawn: how much is explored, and what every quote says about chance.

A shop that already published prices goes on without chance until two people approve a policy
version with it; a new shop starts with the defaults.
"""

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

PROMISED_BEFORE = (
    "'reasons', 'counterfactuals', 'features', 'inputs', 'candidates', 'guard_actions',"
    " 'is_complete', 'shopper_id', 'purpose', 'propensity'"
)
PROMISED = (
    f"{PROMISED_BEFORE},"
    " 'segment', 'rung_minors', 'rung_probabilities', 'stock', 'competitor_minor'"
)
KEEP_QUOTES = """
CREATE OR REPLACE FUNCTION pricing_keep_quote() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
    promised text[] := ARRAY[{promised}];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.shopper_id IS NULL AND was - 'shopper_id' = becomes - 'shopper_id' THEN
            RETURN NEW;
        END IF;
        IF NOT OLD.is_complete AND NEW.is_complete AND was - promised = becomes - promised THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'quotes are append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""
# PostgreSQL adds such columns without rewriting a row.
ADD_COLUMNS = """
ALTER TABLE pricing_quote
    ADD COLUMN segment varchar(40),
    ADD COLUMN rung_minors integer[],
    ADD COLUMN rung_probabilities double precision[],
    ADD COLUMN stock integer,
    ADD COLUMN competitor_minor integer,
    ADD CONSTRAINT quote_exposure CHECK (
        (rung_minors IS NULL AND rung_probabilities IS NULL)
        OR (
            cardinality(rung_minors) = cardinality(rung_probabilities)
            AND rung_probabilities[array_position(rung_minors, quoted_minor)] = propensity
        )
    );
"""
DROP_COLUMNS = """
ALTER TABLE pricing_quote DROP CONSTRAINT quote_exposure, DROP COLUMN segment,
    DROP COLUMN rung_minors, DROP COLUMN rung_probabilities, DROP COLUMN stock,
    DROP COLUMN competitor_minor;
"""


def keep_still(apps: Any, schema_editor: Any) -> None:
    """Leave chance out of the policies of a shop that has published prices without it."""
    if apps.get_model("pricing", "PriceBook").objects.exists():
        apps.get_model("pricing", "PricingPolicy").objects.update(exploration=0.0, shock_share=0.0)


class Migration(migrations.Migration):
    dependencies = [("pricing", "0003_seed_rules")]

    operations = [
        migrations.AddField("pricingpolicy", "exploration", models.FloatField(default=0.5)),
        migrations.AddField("pricingpolicy", "shock_share", models.FloatField(default=0.05)),
        migrations.RunPython(keep_still, migrations.RunPython.noop),
        migrations.AddConstraint(
            "pricingpolicy",
            models.CheckConstraint(
                condition=models.Q(
                    exploration__gte=0,
                    exploration__lte=1,
                    shock_share__gte=0,
                    shock_share__lte=0.25,
                ),
                name="policy_sane_learning",
            ),
        ),
        migrations.RunSQL(
            KEEP_QUOTES.format(promised=PROMISED), KEEP_QUOTES.format(promised=PROMISED_BEFORE)
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD_COLUMNS, DROP_COLUMNS)],
            state_operations=[
                migrations.AddField(
                    "quote", "segment", models.CharField(blank=True, max_length=40, null=True)
                ),
                migrations.AddField(
                    "quote",
                    "rung_minors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        blank=True,
                        null=True,
                        size=None,
                    ),
                ),
                migrations.AddField(
                    "quote",
                    "rung_probabilities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), blank=True, null=True, size=None
                    ),
                ),
                migrations.AddField("quote", "stock", models.IntegerField(blank=True, null=True)),
                migrations.AddField(
                    "quote",
                    "competitor_minor",
                    models.PositiveIntegerField(blank=True, null=True),
                ),
            ],
        ),
    ]
