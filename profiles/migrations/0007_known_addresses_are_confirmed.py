"""Accounts from the time when an unconfirmed address could sign in go on signing in."""

from django.conf import settings
from django.db import migrations

# One account at most can have confirmed an address: whoever has already keeps it.
MAKE_ROOM = """
UPDATE account_emailaddress AS address SET "primary" = FALSE
FROM profiles_account AS account
WHERE address.user_id = account.id AND address.email <> account.email AND account.email <> '' AND NOT EXISTS (
    SELECT 1 FROM account_emailaddress AS known
    WHERE known.email = account.email AND known.verified
)
"""
CONFIRM = """
INSERT INTO account_emailaddress (user_id, email, verified, "primary")
SELECT account.id, account.email, TRUE, TRUE FROM profiles_account AS account
WHERE account.email <> '' AND NOT EXISTS (
    SELECT 1 FROM account_emailaddress AS known
    WHERE known.email = account.email AND known.verified
)
ON CONFLICT (user_id, email) DO UPDATE SET verified = TRUE, "primary" = TRUE
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0006_two_people_decide_in_one_place"),
        ("account", "0009_emailaddress_unique_primary_email"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL([MAKE_ROOM, CONFIRM], migrations.RunSQL.noop)]
