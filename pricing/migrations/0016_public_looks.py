"""Looks at public prices, partitioned by month and append-only; the weeks' whole draws."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

CREATE_LOOKS = """
CREATE TABLE pricing_publiclook (
    hour timestamptz NOT NULL,
    variant_id bigint NOT NULL,
    looks bigint NOT NULL,
    public_minor integer NOT NULL,
    book_version integer NOT NULL,
    policy_version integer NOT NULL,
    direction smallint NOT NULL,
    market_code varchar(16) NOT NULL,
    channel varchar(16) NOT NULL,
    segment varchar(40) NOT NULL,
    rung_minors integer[] NOT NULL,
    rung_probabilities double precision[] NOT NULL,
    PRIMARY KEY (hour, variant_id, market_code, channel, segment, public_minor, book_version,
        policy_version),
    CONSTRAINT look_hour CHECK (hour = date_trunc('hour', hour, 'UTC')),
    CONSTRAINT look_sane CHECK (looks > 0 AND public_minor > 0),
    CONSTRAINT look_direction CHECK (direction IN (-1, 0, 1)),
    CONSTRAINT look_rungs CHECK (
        public_minor = ANY(rung_minors)
        AND array_length(rung_minors, 1) = array_length(rung_probabilities, 1)
    )
) PARTITION BY RANGE (hour);
CREATE INDEX look_variant_hour ON pricing_publiclook (variant_id, hour DESC);
-- Nothing is refused for want of a partition; the partition task moves such rows.
CREATE TABLE pricing_publiclook_default PARTITION OF pricing_publiclook DEFAULT;
"""

# A count may grow, and nothing else may happen to it.
KEEP_LOOKS = """
CREATE FUNCTION pricing_keep_look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.looks > OLD.looks
        AND to_jsonb(OLD) - 'looks' = to_jsonb(NEW) - 'looks' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'counts of looks only grow' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_publiclook
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_look();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0015_bound_competitor_hours"),
        ("shop", "0008_variant_gtin"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_LOOKS, "DROP TABLE pricing_publiclook;")],
            state_operations=[
                migrations.CreateModel(
                    name="PublicLook",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "hour",
                                "variant_id",
                                "market_code",
                                "channel",
                                "segment",
                                "public_minor",
                                "book_version",
                                "policy_version",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("hour", models.DateTimeField()),
                        ("variant_id", models.BigIntegerField()),
                        ("market_code", models.CharField(max_length=16)),
                        ("channel", models.CharField(max_length=16)),
                        ("segment", models.CharField(blank=True, max_length=40)),
                        ("public_minor", models.PositiveIntegerField()),
                        ("book_version", models.PositiveIntegerField()),
                        ("policy_version", models.PositiveIntegerField()),
                        ("looks", models.PositiveBigIntegerField()),
                        ("direction", models.SmallIntegerField(default=0)),
                        (
                            "rung_minors",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.PositiveIntegerField()
                            ),
                        ),
                        (
                            "rung_probabilities",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField()
                            ),
                        ),
                    ],
                    options={"ordering": ["-hour", "variant_id"]},
                ),
            ],
        ),
        migrations.RunSQL(
            KEEP_LOOKS,
            "DROP TRIGGER append_only ON pricing_publiclook; DROP FUNCTION pricing_keep_look;",
        ),
        migrations.CreateModel(
            name="LookSeal",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("rows", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={"ordering": ["-day"]},
        ),
        migrations.CreateModel(
            name="LookTally",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("last_entry", models.CharField(default="0-0", max_length=41)),
                ("read_pages", models.PositiveBigIntegerField(default=0)),
                ("lost_pages", models.PositiveBigIntegerField(default=0)),
                ("total_lost_pages", models.PositiveBigIntegerField(default=0)),
                ("restarts", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="look_tally_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="ShockDraw",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(default="online", max_length=16)),
                ("week", models.DateField(help_text="the Monday on which the week begins")),
                ("drawn_at", models.DateTimeField()),
                ("book_version", models.PositiveIntegerField()),
                ("policy_version", models.PositiveIntegerField()),
                ("arrays", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
            ],
            options={
                "ordering": ["-week"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("market", "channel", "week"), name="shock_draw_once_a_week"
                    )
                ],
            },
        ),
    ]
