"""Tables of quotes and of looks at public prices, partitioned by month."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from shop.ground.database.tables import CreateModels

# Every key that is unique in a partitioned table contains what it is partitioned by. Rows without a
# partition of their month go into the default one, and the task that makes partitions moves them.
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
    label_code varchar(24) NOT NULL,
    purpose varchar(24) NOT NULL,
    shopper_hash varchar(32) NOT NULL,
    signature varchar(64) NOT NULL,
    reasons jsonb NOT NULL,
    counterfactuals jsonb NOT NULL,
    features jsonb NOT NULL,
    inputs jsonb NOT NULL,
    candidates jsonb NOT NULL,
    guard_actions jsonb NOT NULL,
    segment varchar(40),
    rung_minors integer[],
    rung_probabilities double precision[],
    stock integer,
    competitor_minor integer,
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
    CONSTRAINT quote_arm CHECK (arm IN ('treated', 'holdout', 'none')),
    CONSTRAINT quote_exposure CHECK (
        (rung_minors IS NULL AND rung_probabilities IS NULL)
        OR (
            cardinality(rung_minors) = cardinality(rung_probabilities)
            AND rung_probabilities[array_position(rung_minors, quoted_minor)] = propensity
        )
    )
) PARTITION BY RANGE (issued_at);
CREATE INDEX quote_shopper_issued ON pricing_quote (shopper_id, issued_at DESC)
    WHERE shopper_id IS NOT NULL;
CREATE INDEX quote_variant_issued ON pricing_quote (variant_id, issued_at DESC);
CREATE TABLE pricing_quote_default PARTITION OF pricing_quote DEFAULT;
"""
# Looks at public prices, counted by hour.
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
CREATE TABLE pricing_publiclook_default PARTITION OF pricing_publiclook DEFAULT;
"""
# Sets of products that pages showed together, counted by hour.
CREATE_LOOK_SETS = """
CREATE TABLE pricing_publiclookset (
    hour timestamptz NOT NULL,
    set_hash bigint NOT NULL,
    pages bigint NOT NULL,
    book_version integer NOT NULL,
    market_code varchar(16) NOT NULL,
    channel varchar(16) NOT NULL,
    variant_ids bigint[] NOT NULL,
    PRIMARY KEY (hour, market_code, channel, book_version, set_hash),
    CONSTRAINT look_set_hour CHECK (hour = date_trunc('hour', hour, 'UTC')),
    CONSTRAINT look_set_sane CHECK (pages > 0 AND cardinality(variant_ids) BETWEEN 2 AND 24)
) PARTITION BY RANGE (hour);
CREATE TABLE pricing_publiclookset_default PARTITION OF pricing_publiclookset DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [
        ('pricing', '0001_tables'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([CREATE_QUOTES, CREATE_LOOKS, CREATE_LOOK_SETS])],
            state_operations=[
                CreateModels([
                    migrations.CreateModel(
                        name='Quote',
                        fields=[
                            ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                            ('issued_at', models.DateTimeField()),
                            ('expires_at', models.DateTimeField()),
                            ('shopper', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='profiles.shopper')),
                            ('shopper_hash', models.CharField(max_length=32)),
                            ('variant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='shop.variant')),
                            ('market_code', models.CharField(max_length=16)),
                            ('channel', models.CharField(max_length=16)),
                            ('currency', models.CharField(max_length=3)),
                            ('purpose', models.CharField(blank=True, max_length=24)),
                            ('list_minor', models.PositiveIntegerField()),
                            ('public_minor', models.PositiveIntegerField()),
                            ('quoted_minor', models.PositiveIntegerField()),
                            ('is_personal', models.BooleanField()),
                            ('rung', models.CharField(choices=[('personal', 'personal quote'), ('book', 'price book'), ('public', 'public price')], max_length=8)),
                            ('arm', models.CharField(choices=[('treated', 'personal prices'), ('holdout', 'permanent holdout at the public price'), ('none', 'outside the experiment')], default='none', max_length=8)),
                            ('propensity', models.FloatField(default=1.0)),
                            ('label_code', models.CharField(blank=True, max_length=24)),
                            ('jurisdiction_code', models.CharField(max_length=16)),
                            ('policy_version', models.PositiveIntegerField()),
                            ('model_version', models.PositiveIntegerField(default=0)),
                            ('book_version', models.PositiveIntegerField()),
                            ('is_complete', models.BooleanField(default=True)),
                            ('reasons', models.JSONField(default=list)),
                            ('counterfactuals', models.JSONField(default=list)),
                            ('features', models.JSONField(default=dict)),
                            ('inputs', models.JSONField(default=dict)),
                            ('candidates', models.JSONField(default=list)),
                            ('guard_actions', models.JSONField(default=list)),
                            ('kid', models.PositiveSmallIntegerField()),
                            ('signature', models.CharField(max_length=64)),
                            ('segment', models.CharField(blank=True, max_length=40, null=True)),
                            ('rung_minors', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), blank=True, null=True)),
                            ('rung_probabilities', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), blank=True, null=True)),
                            ('stock', models.IntegerField(blank=True, null=True)),
                            ('competitor_minor', models.PositiveIntegerField(blank=True, null=True)),
                        ],
                        options={
                            'ordering': ['-issued_at', '-id'],
                        },
                    ),
                    migrations.CreateModel(
                        name='PublicLook',
                        fields=[
                            ('pk', models.CompositePrimaryKey('hour', 'variant_id', 'market_code', 'channel', 'segment', 'public_minor', 'book_version', 'policy_version', blank=True, editable=False, primary_key=True, serialize=False)),
                            ('hour', models.DateTimeField()),
                            ('variant_id', models.BigIntegerField()),
                            ('market_code', models.CharField(max_length=16)),
                            ('channel', models.CharField(max_length=16)),
                            ('segment', models.CharField(blank=True, max_length=40)),
                            ('public_minor', models.PositiveIntegerField()),
                            ('book_version', models.PositiveIntegerField()),
                            ('policy_version', models.PositiveIntegerField()),
                            ('looks', models.PositiveBigIntegerField()),
                            ('direction', models.SmallIntegerField(default=0)),
                            ('rung_minors', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField())),
                            ('rung_probabilities', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField())),
                        ],
                        options={
                            'ordering': ['-hour', 'variant_id'],
                        },
                    ),
                    migrations.CreateModel(
                        name='PublicLookSet',
                        fields=[
                            ('pk', models.CompositePrimaryKey('hour', 'market_code', 'channel', 'book_version', 'set_hash', blank=True, editable=False, primary_key=True, serialize=False)),
                            ('hour', models.DateTimeField()),
                            ('market_code', models.CharField(max_length=16)),
                            ('channel', models.CharField(max_length=16)),
                            ('book_version', models.PositiveIntegerField()),
                            ('set_hash', models.BigIntegerField()),
                            ('variant_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField())),
                            ('pages', models.PositiveBigIntegerField()),
                        ],
                        options={
                            'ordering': ['-hour', 'set_hash'],
                        },
                    ),
                ]),
            ],
        ),
    ]
