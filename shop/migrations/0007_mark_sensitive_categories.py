"""Mark the sensitive categories of a store that was loaded before the flag existed."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# What the import calls them; what lies below a category inherits its flag. A store with other
# categories is left alone: its staff or its next import mark them.
CATEGORIES = (
    "health-beauty/allergy-sinus",
    "health-beauty/antacids",
    "health-beauty/cold-flu",
    "health-beauty/digestive-care",
    "health-beauty/eye-ear-care",
    "health-beauty/family-planning",
    "health-beauty/feminine-care",
    "health-beauty/first-aid",
    "health-beauty/foot-care",
    "health-beauty/home-health-care",
    "health-beauty/incontinence-care",
    "health-beauty/natural-remedies",
    "health-beauty/nutrition-diet",
    "health-beauty/pain-relief",
    "health-beauty/quit-smoking",
    "health-beauty/textured-hair-skin-care",
    "health-beauty/vitamins-supplements",
    "natural/fitness-diet",
    "natural/natural-vitamins",
    "natural/special-diets",
    "offline/pharmacy-counter",
)
TYPES = (
    "baby/baby-care/medicated-baby-powder",
    "baby/baby-care/nutrition-supplements-children-s",
    "baby/bottles-baby-gear/assorted-over-the-counter-medicines",
    "bakery/pies/pies-sugar-free",
    "cards-media/magazines/world-magazines",
    "drinks/tea/tea-bags-tea",
    "health-beauty/glasses/reading-glasses",
    "health-beauty/glasses/reading-glasses-accessories",
    "health-beauty/hair-care/dandruff-shampoo",
    "health-beauty/makeup/assorted-first-aid-products",
    "health-beauty/oral-care/assorted-oral-hygiene-medicated",
    "health-beauty/oral-care/denture-adhesive",
    "health-beauty/oral-care/denture-cleanser",
    "health-beauty/oral-care/mouth-sore",
    "health-beauty/oral-care/mouth-sore-medicated",
    "health-beauty/skin-care/acne-care",
    "health-beauty/skin-care/hand-body-facial",
    "home/batteries-lights/no-presc-hearing-aid-batteries",
    "home/candles/non-food-kosher-items",
    "home/handy-finds/convalescent-care-canes",
    "home/handy-finds/medicated-over-the-counter-drugs",
    "meat-seafood/hot-dogs/kosher-hot-dogs",
    "natural/natural-cereal/gluten-free",
    "natural/natural-juice/nutrition-supplements-protein-food-stampabl",
    "natural/natural-tea-coffee/tea-bags",
    "pantry/world-foods/kosher-foods",
    "pantry/world-foods/non-food-kosher-items",
    "pantry/world-foods/refrigerated-kosher-products",
    "toys-seasonal/summer/sports-medicine",
    "toys-seasonal/toys-games/sports-medicine",
)


def mark(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Flag the categories, and what is below them so that every row tells the truth by itself."""
    category = apps.get_model("shop", "Category")
    marked = category.objects.filter(external_ref__in=[*CATEGORIES, *TYPES])
    below = category.objects.filter(parent__external_ref__in=CATEGORIES)
    for rows in (marked, below):
        rows.filter(is_sensitive=False).update(is_sensitive=True)


class Migration(migrations.Migration):
    dependencies = [("shop", "0006_category_is_sensitive")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
