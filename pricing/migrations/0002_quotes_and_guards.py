"""The quote table, partitioned by month; what is append-only is kept so by triggers."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

CREATE_QUOTES = """
CREATE TABLE pricing_quote (
    id uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    shopper_id bigint,
    variant_id bigint NOT NULL,
    list_minor integer NOT NULL,
    public_minor integer NOT NULL,
    quoted_minor integer NOT NULL,
    policy_version integer NOT NULL,
    model_version integer NOT NULL,
    book_version integer NOT NULL,
    propensity double precision NOT NULL,
    kid smallint NOT NULL,
    is_personal boolean NOT NULL,
    is_complete boolean NOT NULL,
    currency varchar(3) NOT NULL,
    rung varchar(8) NOT NULL,
    arm varchar(8) NOT NULL,
    market_code varchar(16) NOT NULL,
    channel varchar(16) NOT NULL,
    jurisdiction_code varchar(16) NOT NULL,
    label_code varchar(16) NOT NULL,
    purpose varchar(24) NOT NULL,
    shopper_hash varchar(32) NOT NULL,
    signature varchar(64) NOT NULL,
    reasons jsonb NOT NULL,
    counterfactuals jsonb NOT NULL,
    features jsonb NOT NULL,
    inputs jsonb NOT NULL,
    candidates jsonb NOT NULL,
    guard_actions jsonb NOT NULL,
    -- PostgreSQL wants the partition key in every unique key.
    PRIMARY KEY (id, issued_at),
    CONSTRAINT quote_never_above_public CHECK (quoted_minor > 0 AND quoted_minor <= public_minor),
    -- The hard limit of personal prices: 30 % below the public price.
    CONSTRAINT quote_hard_cap CHECK (quoted_minor::bigint * 10 >= public_minor::bigint * 7),
    CONSTRAINT quote_list CHECK (list_minor > 0),
    CONSTRAINT quote_lasts CHECK (expires_at >= issued_at + interval '30 minutes'),
    CONSTRAINT quote_personal CHECK (is_personal = (quoted_minor < public_minor)),
    CONSTRAINT quote_label CHECK (NOT is_personal OR label_code <> ''),
    CONSTRAINT quote_propensity CHECK (propensity > 0 AND propensity <= 1),
    CONSTRAINT quote_rung CHECK (rung IN ('personal', 'book', 'public')),
    CONSTRAINT quote_arm CHECK (arm IN ('treated', 'holdout', 'none'))
) PARTITION BY RANGE (issued_at);
CREATE INDEX quote_shopper_issued ON pricing_quote (shopper_id, issued_at DESC)
    WHERE shopper_id IS NOT NULL;
CREATE INDEX quote_variant_issued ON pricing_quote (variant_id, issued_at DESC);
-- Nothing is refused for want of a partition; the partition task moves such rows.
CREATE TABLE pricing_quote_default PARTITION OF pricing_quote DEFAULT;
"""

KEEP_LEDGER = """
CREATE FUNCTION pricing_keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the price ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_priceledgerentry
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_ledger();
"""

# A quote may be changed in two ways only. Forgetting: the shopper is taken out, nothing else moves.
# Completing: a quote stored from its signed token alone gets the record that came by the stream;
# what the token promised stays.
KEEP_QUOTES = """
CREATE FUNCTION pricing_keep_quote() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
    promised text[] := ARRAY[
        'reasons', 'counterfactuals', 'features', 'inputs', 'candidates', 'guard_actions',
        'is_complete', 'shopper_id', 'purpose', 'propensity'
    ];
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
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_quote
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_quote();
"""


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_QUOTES, "DROP TABLE pricing_quote;")],
            state_operations=[
                migrations.CreateModel(
                    name="Quote",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("issued_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("shopper_hash", models.CharField(max_length=32)),
                        ("market_code", models.CharField(max_length=16)),
                        ("channel", models.CharField(max_length=16)),
                        ("currency", models.CharField(max_length=3)),
                        ("purpose", models.CharField(blank=True, max_length=24)),
                        ("list_minor", models.PositiveIntegerField()),
                        ("public_minor", models.PositiveIntegerField()),
                        ("quoted_minor", models.PositiveIntegerField()),
                        ("is_personal", models.BooleanField()),
                        (
                            "rung",
                            models.CharField(
                                choices=[
                                    ("personal", "personal quote"),
                                    ("book", "price book"),
                                    ("public", "public price"),
                                ],
                                max_length=8,
                            ),
                        ),
                        (
                            "arm",
                            models.CharField(
                                choices=[
                                    ("treated", "personal prices"),
                                    ("holdout", "permanent holdout at the public price"),
                                    ("none", "outside the experiment"),
                                ],
                                default="none",
                                max_length=8,
                            ),
                        ),
                        ("propensity", models.FloatField(default=1.0)),
                        ("label_code", models.CharField(blank=True, max_length=16)),
                        ("jurisdiction_code", models.CharField(max_length=16)),
                        ("policy_version", models.PositiveIntegerField()),
                        ("model_version", models.PositiveIntegerField(default=0)),
                        ("book_version", models.PositiveIntegerField()),
                        ("is_complete", models.BooleanField(default=True)),
                        ("reasons", models.JSONField(default=list)),
                        ("counterfactuals", models.JSONField(default=list)),
                        ("features", models.JSONField(default=dict)),
                        ("inputs", models.JSONField(default=dict)),
                        ("candidates", models.JSONField(default=list)),
                        ("guard_actions", models.JSONField(default=list)),
                        ("kid", models.PositiveSmallIntegerField()),
                        ("signature", models.CharField(max_length=64)),
                        (
                            "shopper",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="profiles.shopper",
                            ),
                        ),
                        (
                            "variant",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="shop.variant",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-issued_at", "-id"],
                    },
                ),
            ],
        ),
        migrations.RunSQL(
            KEEP_LEDGER,
            "DROP TRIGGER append_only ON pricing_priceledgerentry; DROP FUNCTION pricing_keep_ledger;",
        ),
        migrations.RunSQL(
            KEEP_QUOTES,
            "DROP TRIGGER append_only ON pricing_quote; DROP FUNCTION pricing_keep_quote;",
        ),
    ]
