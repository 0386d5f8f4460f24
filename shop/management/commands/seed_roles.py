"""Write the permission matrix into the staff's groups."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand
from django.db import transaction

from shop.doors.backoffice.roles import MATRIX, OWN_RIGHTS


class Command(BaseCommand):
    help = "Create the staff's groups and give each exactly the rights of the matrix."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; safe at any time, changes nothing the second time."""
        seed_roles()
        for role, wanted in sorted(MATRIX.items()):
            self.stdout.write(f"{role}: {len(wanted)} rights")


@transaction.atomic
def seed_roles() -> None:
    """Make groups and their rights equal to the matrix; members stay."""
    for name, (label, title) in OWN_RIGHTS.items():
        content_type = ContentType.objects.get_for_model(apps.get_model(label))
        codename = name.partition(".")[2]
        Permission.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": title}
        )
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, wanted in MATRIX.items():
        group, _is_new = Group.objects.get_or_create(name=role)
        group.permissions.set(known[name] for name in sorted(wanted))
