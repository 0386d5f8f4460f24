"""Synonyms that staff edit, and the pinyin of the Chinese words that products can be found by."""

import django.contrib.postgres.fields
from django.db import migrations, models

# A change of a synonym is in force at once: caches of search compare the catalogue's version.
COUNT = """
CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON shop_searchsynonym FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();
"""
# Products that are indexed already; a job spells the words.
LIST = """
INSERT INTO shop_searchword (word, products)
SELECT word, ndoc FROM ts_stat('SELECT search_vector FROM shop_product WHERE is_active')
WHERE word ~ '^[\u3400-\u9fff]{1,80}$' ON CONFLICT (word) DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0010_gate_of_prices")]
    operations = [
        migrations.AddField(
            model_name="searchword",
            name="initials",
            field=models.CharField(db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="searchword",
            name="pinyin",
            field=models.CharField(db_default="", default="", max_length=200),
        ),
        migrations.CreateModel(
            name="SearchSynonym",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "term",
                    models.CharField(
                        help_text="What shoppers type. Singular and plural of an English word are"
                        " one.",
                        max_length=80,
                    ),
                ),
                (
                    "meanings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        blank=True,
                        db_default=[],
                        default=list,
                        help_text="What products call it, separated by commas. Empty: the words of"
                        " the term are looked for together only, like “gluten free”.",
                        size=None,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "ordering": ["language", "term"],
                "constraints": [
                    models.UniqueConstraint(fields=("language", "term"), name="search_synonym_term")
                ],
            },
        ),
        migrations.RunSQL([COUNT, LIST]),
    ]
