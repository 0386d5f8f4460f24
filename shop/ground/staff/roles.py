"""Roles of staff, access to personal data, and masks.

Permissions are Django's own, given to groups by the `seed_roles` command; this module holds only
the names that code asks for.
"""

from __future__ import annotations

from typing import Any

MERCHANDISER = "merchandiser"
ANALYST = "analyst"
SUPPORT = "support"
APPROVER = "approver"
AUDITOR = "auditor"
WAREHOUSE = "warehouse"
ROLES = (MERCHANDISER, ANALYST, SUPPORT, APPROVER, AUDITOR, WAREHOUSE)

SEE_PERSONAL = "profiles.view_personal"
SEE_COST = "pricing.view_pricebook"
HIDDEN = "•••"


def list_role_names(account: Any) -> frozenset[str]:
    """Return the names of the account's groups. One query per request, kept on the account."""
    names: frozenset[str] | None = getattr(account, "_role_names", None)
    if names is None:
        is_known = account.is_authenticated and account.is_active and account.is_staff
        groups = account.groups.values_list("name", flat=True) if is_known else ()
        names = frozenset(groups)
        account._role_names = names
    return names


def is_auditor(account: Any) -> bool:
    """Whether the account holds the auditor role; being superuser is not enough.

    Audit-only traits (age, income, ...) must never sit beside prices on anybody's screen but an
    auditor's, so the almighty account does not see them by accident either.
    """
    return AUDITOR in list_role_names(account)


def may_see_personal(account: Any) -> bool:
    """Whether names, e-mail and street addresses are shown to the account unmasked."""
    return bool(account.has_perm(SEE_PERSONAL))


def may_see_cost(account: Any) -> bool:
    """Whether costs, margins and floors, which are made of them, are shown to the account: to who
    reads price books."""
    return bool(account.has_perm(SEE_COST))


def mask_text(text: str) -> str:
    """Return the first character and a fixed mask, so that even the length is not told.

    >>> mask_text("Alice"), mask_text("")
    ('A•••', '')
    """
    return f"{text[0]}{HIDDEN}" if text else ""


def mask_email(address: str) -> str:
    """Return an address that a colleague can recognize but nobody can write to.

    >>> mask_email("alice@example.com"), mask_email("broken")
    ('a•••@e•••.com', 'b•••')
    """
    name, at, host = address.partition("@")
    if not at:
        return mask_text(address)
    ending = host.rpartition(".")[2]
    return f"{mask_text(name)}@{mask_text(host)}.{ending}"
