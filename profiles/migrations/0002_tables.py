"""Tables of shoppers: consent, segments, experiments, reviews."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shop.ground.database.tables import CreateModels


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ('profiles', '0001_accounts'),
        ('shop', '0002_tables'),
    ]

    operations = [
        CreateModels([
            migrations.CreateModel(
                name='Shopper',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('pseudonym', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('account', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='shopper', to=settings.AUTH_USER_MODEL)),
                    ('external_ref', models.CharField(blank=True, max_length=64, null=True, unique=True)),
                    ('home_store', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='shop.store')),
                    ('market_code', models.CharField(default='us', max_length=16)),
                    ('place_code', models.CharField(blank=True, db_default='', default='', help_text='Where the last order was placed, as law knows places. Empty: not known.', max_length=16)),
                    ('is_minor', models.BooleanField(default=False)),
                    ('created_at', models.DateTimeField()),
                    ('last_seen_at', models.DateTimeField()),
                    ('consent_price', models.BooleanField(default=False)),
                    ('consent_recommendations', models.BooleanField(default=False)),
                    ('consent_marketing', models.BooleanField(default=False)),
                    ('consent_analytics', models.BooleanField(default=False)),
                    ('opt_out_reason', models.CharField(blank=True, max_length=40)),
                    ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged_guests', to='profiles.shopper')),
                    ('erased_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'ordering': ['-last_seen_at', '-id'],
                    'indexes': [models.Index(fields=['-last_seen_at', '-id'], name='shopper_last_seen')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), models.Q(('account__isnull', True), ('external_ref__isnull', True), ('home_store__isnull', True)), _connector='OR'), name='shopper_erased_is_nobody'), models.CheckConstraint(condition=models.Q(('merged_into', models.F('id')), _negated=True), name='shopper_not_merged_into_itself')],
                },
            ),
            migrations.CreateModel(
                name='OnlineLag',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.shopper')),
                    ('since', models.DateTimeField()),
                ],
                options={
                    'ordering': ['id'],
                },
            ),
            migrations.CreateModel(
                name='AuditTrait',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.shopper')),
                    ('name', models.CharField(max_length=40)),
                    ('value', models.CharField(max_length=80)),
                ],
                options={
                    'ordering': ['shopper', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('shopper', 'name'), name='audit_trait_unique')],
                },
            ),
            migrations.CreateModel(
                name='ConsentRecord',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_records', to='profiles.shopper')),
                    ('purpose', models.CharField(choices=[('price', 'personal prices'), ('recommendations', 'recommendations'), ('marketing', 'marketing'), ('analytics', 'analytics and experiments')], max_length=16)),
                    ('is_granted', models.BooleanField()),
                    ('how', models.CharField(help_text='banner, price switch, account, GPC, default', max_length=40)),
                    ('locale', models.CharField(max_length=16)),
                    ('text_version', models.CharField(max_length=40)),
                    ('recorded_at', models.DateTimeField()),
                    ('given_on', models.DateField(help_text='The day it was given elsewhere.', null=True)),
                    ('source', models.CharField(blank=True, db_default='', max_length=120)),
                ],
                options={
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['shopper', '-recorded_at'], name='consent_shopper_time')],
                },
            ),
            migrations.CreateModel(
                name='Customer',
                fields=[
                    ('shopper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='customer', serialize=False, to='profiles.shopper')),
                    ('number', models.CharField(blank=True, max_length=40, null=True, unique=True)),
                    ('name', models.CharField(blank=True, max_length=120)),
                    ('phone', models.CharField(blank=True, max_length=32)),
                    ('address_line1', models.CharField(blank=True, max_length=120)),
                    ('address_line2', models.CharField(blank=True, max_length=120)),
                    ('city', models.CharField(blank=True, max_length=80)),
                    ('region', models.CharField(blank=True, max_length=80)),
                    ('postcode', models.CharField(blank=True, max_length=16)),
                    ('country', models.CharField(blank=True, max_length=2)),
                    ('language', models.CharField(blank=True, max_length=16)),
                    ('marketing', models.CharField(blank=True, choices=[('subscribed', 'subscribed'), ('unsubscribed', 'unsubscribed'), ('bounced', 'mails came back')], max_length=12)),
                    ('updated_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['shopper'],
                },
            ),
            migrations.CreateModel(
                name='ExperimentNamespace',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.SlugField(max_length=40, unique=True)),
                    ('salt', models.CharField(max_length=32)),
                    ('holdout_share', models.FloatField(default=0.0)),
                ],
                options={
                    'ordering': ['code'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('holdout_share__gte', 0.0), ('holdout_share__lt', 1.0)), name='namespace_holdout_share')],
                },
            ),
            migrations.CreateModel(
                name='Experiment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.SlugField(max_length=60, unique=True)),
                    ('name', models.CharField(max_length=120)),
                    ('name_zh', models.CharField(blank=True, max_length=120)),
                    ('hypothesis', models.TextField()),
                    ('subject', models.CharField(choices=[('offers', 'offers of a campaign'), ('recommendations', 'recommendations'), ('prices', 'personal prices'), ('public_prices', 'public prices'), ('allocator', 'who gets which offer'), ('pages', 'what a page shows')], max_length=16)),
                    ('subject_ref', models.CharField(blank=True, max_length=80)),
                    ('unit', models.CharField(choices=[('shopper', 'shoppers'), ('cluster', 'clusters of goods, turn by turn')], default='shopper', max_length=8)),
                    ('mode', models.CharField(choices=[('fixed', 'fixed shares'), ('bandit', 'shares follow what earns')], default='fixed', max_length=8)),
                    ('namespace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='experiments', to='profiles.experimentnamespace')),
                    ('traffic', models.FloatField(default=1.0, help_text='share of the namespace, 0 to 1')),
                    ('first_slot', models.PositiveSmallIntegerField(default=0)),
                    ('end_slot', models.PositiveSmallIntegerField(default=0)),
                    ('purpose', models.CharField(max_length=16)),
                    ('targeting', models.JSONField(blank=True, default=dict)),
                    ('primary_metric', models.CharField(max_length=40)),
                    ('guards', models.JSONField(blank=True, default=dict, help_text='metric: tolerated relative loss')),
                    ('minimum_effect', models.FloatField(help_text='smallest relative effect worth seeing')),
                    ('planned_units', models.PositiveIntegerField()),
                    ('planned_days', models.PositiveSmallIntegerField()),
                    ('alpha', models.FloatField(default=0.05)),
                    ('least_share', models.FloatField(default=0.1, help_text='of each arm of a bandit')),
                    ('period_days', models.PositiveSmallIntegerField(default=7)),
                    ('wash_out_days', models.PositiveSmallIntegerField(default=1)),
                    ('salt', models.CharField(max_length=32)),
                    ('state', models.CharField(choices=[('draft', 'draft'), ('running', 'running'), ('stopped', 'stopped'), ('decided', 'decided')], default='draft', max_length=8)),
                    ('revision', models.PositiveIntegerField(default=1)),
                    ('registration', models.JSONField(blank=True, default=dict)),
                    ('registration_sha256', models.CharField(blank=True, max_length=64)),
                    ('created_at', models.DateTimeField()),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('stopped_at', models.DateTimeField(blank=True, null=True)),
                    ('stop_reason', models.CharField(blank=True, max_length=200)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('decision', models.CharField(blank=True, max_length=40)),
                    ('decision_reason', models.TextField(blank=True)),
                ],
                options={
                    'ordering': ['-id'],
                    'indexes': [models.Index(fields=['state', '-id'], name='experiment_state')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('started_at', None), ('state', 'draft')), models.Q(('end_slot__gt', models.F('first_slot')), ('end_slot__lte', 1000), ('started_at__isnull', False), models.Q(('registration_sha256', ''), _negated=True)), _connector='OR'), name='experiment_registered_before_start'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['draft', 'running']), ('stopped_at', None)), models.Q(('state__in', ['stopped', 'decided']), ('stopped_at__isnull', False)), _connector='OR'), name='experiment_stopped_at'), models.CheckConstraint(condition=models.Q(('alpha__gt', 0.0), ('alpha__lt', 1.0), ('traffic__gt', 0.0), ('traffic__lte', 1.0), models.Q(('minimum_effect', 0.0), _negated=True)), name='experiment_numbers'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'decided'), _negated=True), models.Q(('decision', ''), _negated=True), _connector='OR'), name='experiment_decision')],
                },
            ),
            migrations.CreateModel(
                name='ExperimentArm',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='arms', to='profiles.experiment')),
                    ('code', models.SlugField(max_length=40)),
                    ('name', models.CharField(max_length=80)),
                    ('name_zh', models.CharField(blank=True, max_length=80)),
                    ('position', models.PositiveSmallIntegerField()),
                    ('share', models.FloatField()),
                    ('is_control', models.BooleanField(default=False)),
                    ('price_factor', models.FloatField(db_default=1.0, default=1.0, help_text='of the public price; never above 1')),
                    ('settings', models.JSONField(blank=True, default=dict)),
                ],
                options={
                    'ordering': ['experiment', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('experiment', 'code'), name='arm_code_once'), models.UniqueConstraint(condition=models.Q(('is_control', True)), fields=('experiment',), name='arm_one_control'), models.CheckConstraint(condition=models.Q(('price_factor__gt', 0.0), ('price_factor__lte', 1.0)), name='arm_not_above_public_price'), models.CheckConstraint(condition=models.Q(('share__gt', 0.0), ('share__lt', 1.0)), name='arm_share')],
                },
            ),
            migrations.CreateModel(
                name='ExperimentShares',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='profiles.experiment')),
                    ('revision', models.PositiveIntegerField()),
                    ('at', models.DateTimeField()),
                    ('shares', models.JSONField(help_text='arm code: share')),
                    ('reason', models.CharField(max_length=200)),
                ],
                options={
                    'ordering': ['experiment', 'revision'],
                    'constraints': [models.UniqueConstraint(fields=('experiment', 'revision'), name='shares_revision_once')],
                },
            ),
            migrations.CreateModel(
                name='Exposure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.experiment')),
                    ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='profiles.experimentarm')),
                    ('shopper', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.shopper')),
                    ('at', models.DateTimeField()),
                    ('propensity', models.FloatField()),
                    ('revision', models.PositiveIntegerField()),
                ],
                options={
                    'ordering': ['-at', '-id'],
                    'constraints': [models.UniqueConstraint(fields=('shopper', 'experiment'), name='exposure_first_only'), models.CheckConstraint(condition=models.Q(('propensity__gt', 0.0), ('propensity__lte', 1.0)), name='exposure_propensity')],
                },
            ),
            migrations.CreateModel(
                name='ExperimentDeviation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deviations', to='profiles.experiment')),
                    ('at', models.DateTimeField()),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('field', models.CharField(max_length=40)),
                    ('before', models.JSONField()),
                    ('after', models.JSONField()),
                    ('reason', models.CharField(max_length=300)),
                ],
                options={
                    'ordering': ['-at', '-id'],
                },
            ),
            migrations.CreateModel(
                name='ExperimentOutcome',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.experiment')),
                    ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='profiles.shopper')),
                    ('day', models.DateField()),
                    ('is_before', models.BooleanField(default=False)),
                    ('orders', models.PositiveIntegerField(default=0)),
                    ('units', models.PositiveIntegerField(default=0)),
                    ('paid_minor', models.BigIntegerField(default=0)),
                    ('margin_minor', models.BigIntegerField(default=0)),
                    ('returned_units', models.PositiveIntegerField(default=0)),
                    ('views', models.PositiveIntegerField(default=0)),
                    ('clicks', models.PositiveIntegerField(default=0)),
                    ('cart_adds', models.PositiveIntegerField(default=0)),
                    ('offer_views', models.PositiveIntegerField(default=0)),
                    ('offer_clicks', models.PositiveIntegerField(default=0)),
                ],
                options={
                    'ordering': ['experiment', 'day'],
                    'constraints': [models.UniqueConstraint(fields=('experiment', 'shopper', 'day', 'is_before'), name='outcome_once')],
                },
            ),
            migrations.CreateModel(
                name='ExperimentItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='profiles.experiment')),
                    ('variant_id', models.BigIntegerField()),
                    ('cluster', models.PositiveIntegerField()),
                ],
                options={
                    'ordering': ['experiment', 'cluster', 'variant_id'],
                    'constraints': [models.UniqueConstraint(fields=('experiment', 'variant_id'), name='item_one_cluster')],
                },
            ),
            migrations.CreateModel(
                name='ExperimentReadout',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readouts', to='profiles.experiment')),
                    ('day', models.DateField()),
                    ('at', models.DateTimeField()),
                    ('figures', models.JSONField()),
                ],
                options={
                    'ordering': ['experiment', 'day'],
                    'constraints': [models.UniqueConstraint(fields=('experiment', 'day'), name='readout_once_a_day')],
                },
            ),
            migrations.CreateModel(
                name='Review',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('shopper', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='profiles.shopper')),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.product')),
                    ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.variant')),
                    ('rating', models.PositiveSmallIntegerField()),
                    ('text', models.CharField(blank=True, max_length=2000)),
                    ('language', models.CharField(choices=[('en', 'en'), ('zh', 'zh')], max_length=2)),
                    ('positivity', models.FloatField(blank=True, help_text='Chance that the words are glad, 0 to 1; none: no words.', null=True)),
                    ('state', models.CharField(choices=[('shown', 'shown'), ('hidden', 'hidden')], default='shown', max_length=6)),
                    ('hidden_because', models.CharField(blank=True, max_length=200)),
                    ('bought_at', models.DateTimeField()),
                    ('written_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['-written_at', '-id'],
                    'indexes': [models.Index(fields=['product', '-written_at'], name='review_product_time')],
                    'constraints': [models.UniqueConstraint(fields=('shopper', 'product'), name='review_once'), models.CheckConstraint(condition=models.Q(('rating__gte', 1), ('rating__lte', 5)), name='review_rating_one_to_five'), models.CheckConstraint(condition=models.Q(('positivity', None), models.Q(('positivity__gte', 0), ('positivity__lte', 1)), _connector='OR'), name='review_positivity_is_a_chance'), models.CheckConstraint(condition=models.Q(models.Q(('hidden_because', ''), ('state', 'shown')), models.Q(('state', 'hidden'), models.Q(('hidden_because', ''), _negated=True)), _connector='OR'), name='review_hidden_with_reason')],
                },
            ),
            migrations.CreateModel(
                name='SentimentVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('language', models.CharField(choices=[('en', 'en'), ('zh', 'zh')], max_length=2)),
                    ('fitted_at', models.DateTimeField()),
                    ('arrays', models.BinaryField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('metrics', models.JSONField(default=dict)),
                    ('is_active', models.BooleanField(default=False)),
                ],
                options={
                    'ordering': ['-fitted_at'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('language',), name='sentiment_version_one_active')],
                },
            ),
            migrations.CreateModel(
                name='Segment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.SlugField(max_length=40, unique=True)),
                    ('name', models.CharField(max_length=120)),
                    ('name_zh', models.CharField(max_length=120)),
                    ('description', models.TextField(blank=True)),
                    ('description_zh', models.TextField(blank=True)),
                    ('is_active', models.BooleanField(default=True)),
                    ('shopper_count', models.PositiveIntegerField(default=0)),
                    ('created_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['code'],
                },
            ),
            migrations.CreateModel(
                name='SegmentVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('fitted_at', models.DateTimeField()),
                    ('as_of', models.DateTimeField()),
                    ('arrays', models.BinaryField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('metrics', models.JSONField(default=dict)),
                    ('is_active', models.BooleanField(default=False)),
                ],
                options={
                    'ordering': ['-fitted_at'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('is_active',), name='segment_version_one_active')],
                },
            ),
            migrations.CreateModel(
                name='SimilarityVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('fitted_at', models.DateTimeField()),
                    ('as_of', models.DateTimeField()),
                    ('arrays', models.BinaryField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('metrics', models.JSONField(default=dict)),
                    ('is_active', models.BooleanField(default=False)),
                ],
                options={
                    'ordering': ['-fitted_at'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('is_active',), name='similarity_version_one_active')],
                },
            ),
            migrations.CreateModel(
                name='ShopperProfile',
                fields=[
                    ('shopper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to='profiles.shopper')),
                    ('features', models.JSONField(default=dict)),
                    ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='profiles', to='profiles.segment')),
                    ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list)),
                    ('refreshed_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['shopper'],
                    'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='shopper_profile_tags')],
                },
            ),
        ]),
    ]
