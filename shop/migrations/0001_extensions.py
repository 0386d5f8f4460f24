"""Extensions of PostgreSQL that indexes need."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        TrigramExtension(),  # search by parts of words
    ]
