"""The table of events, partitioned by month."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from shop.ground.database.tables import CreateModels

# Every key that is unique in a partitioned table contains what it is partitioned by. Rows without a
# partition of their month go into the default one, and the task that makes partitions moves them.
CREATE_EVENTS = """
CREATE TABLE profiles_event (
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    shopper_id bigint NOT NULL,
    variant_id bigint,
    category_id bigint,
    brand_id bigint,
    paid_minor bigint,
    list_minor bigint,
    price_rank double precision,
    quote_id uuid,
    quantity integer NOT NULL,
    is_discounted boolean NOT NULL,
    kind varchar(16) NOT NULL,
    channel varchar(16) NOT NULL,
    source varchar(16) NOT NULL,
    basket_ref varchar(64) NOT NULL,
    query varchar(200) NOT NULL,
    offer_ref varchar(64) NOT NULL,
    PRIMARY KEY (id, occurred_at),
    CONSTRAINT event_kind CHECK (kind IN (
        'view', 'click', 'search', 'cart_add', 'cart_remove', 'checkout', 'purchase', 'order',
        'return', 'review', 'offer_view', 'offer_click'
    )),
    CONSTRAINT event_amounts CHECK (quantity >= 0 AND paid_minor >= 0 AND list_minor >= 0),
    CONSTRAINT event_price_rank CHECK (price_rank BETWEEN 0 AND 1),
    CONSTRAINT event_purchase CHECK (
        kind <> 'purchase'
        OR (variant_id IS NOT NULL AND paid_minor IS NOT NULL AND list_minor IS NOT NULL
            AND quantity > 0)
    )
) PARTITION BY RANGE (occurred_at);
CREATE INDEX event_shopper_time ON profiles_event (shopper_id, occurred_at);
CREATE INDEX event_quote ON profiles_event (quote_id) WHERE quote_id IS NOT NULL;
CREATE TABLE profiles_event_default PARTITION OF profiles_event DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [
        ('profiles', '0002_tables'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([CREATE_EVENTS])],
            state_operations=[
                CreateModels([
                    migrations.CreateModel(
                        name='Event',
                        fields=[
                            ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                            ('occurred_at', models.DateTimeField()),
                            ('received_at', models.DateTimeField()),
                            ('shopper', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='profiles.shopper')),
                            ('kind', models.CharField(choices=[('view', 'view'), ('click', 'click'), ('search', 'search'), ('cart_add', 'put in the cart'), ('cart_remove', 'taken out of the cart'), ('checkout', 'checkout started'), ('purchase', 'purchase line'), ('order', 'order'), ('return', 'return'), ('review', 'review'), ('offer_view', 'offer seen'), ('offer_click', 'offer clicked')], max_length=16)),
                            ('variant_id', models.BigIntegerField(blank=True, null=True)),
                            ('category_id', models.BigIntegerField(blank=True, null=True)),
                            ('brand_id', models.BigIntegerField(blank=True, null=True)),
                            ('quantity', models.PositiveIntegerField(default=1)),
                            ('paid_minor', models.BigIntegerField(blank=True, null=True)),
                            ('list_minor', models.BigIntegerField(blank=True, null=True)),
                            ('is_discounted', models.BooleanField(default=False)),
                            ('price_rank', models.FloatField(blank=True, help_text="share of the category's variants that cost less, 0 to 1", null=True)),
                            ('basket_ref', models.CharField(blank=True, max_length=64)),
                            ('query', models.CharField(blank=True, max_length=200)),
                            ('offer_ref', models.CharField(blank=True, max_length=64)),
                            ('quote_id', models.UUIDField(blank=True, null=True)),
                            ('channel', models.CharField(max_length=16)),
                            ('source', models.CharField(max_length=16)),
                        ],
                        options={
                            'ordering': ['-occurred_at', '-id'],
                            'indexes': [models.Index(fields=['shopper', 'occurred_at'], name='event_shopper_time'), models.Index(condition=models.Q(('quote_id__isnull', False)), fields=['quote_id'], name='event_quote')],
                        },
                    ),
                ]),
            ],
        ),
    ]
