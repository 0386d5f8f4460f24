"""My groups: what I proved to belong to, and how to prove more."""

from __future__ import annotations

from django.core.mail import send_mail
from django.utils.translation import gettext as _

from promotions.coupons.api import ClaimRefused, MyGroup, list_my_groups, start_mail_claim
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import find_member_id
from shop.ground.kernel.translation import gettext_noop


def my_groups(ctx: PageContext) -> list[MyGroup]:
    """Return every group and where the signed-in shopper stands. Three queries."""
    return list_my_groups(shopper_id=member_id(ctx), now=ctx.now, language=ctx.language)


def member_id(ctx: PageContext) -> int:
    """Return the shopper of the account. Raises ClaimRefused for guests: a proof needs an owner."""
    shopper_id = find_member_id(ctx)
    if shopper_id is None:
        raise ClaimRefused(gettext_noop("Sign in first."), code="sign_in_first")
    return shopper_id


def mail_link(shopper_id: int, group: str, address: str, page_url: str) -> None:
    """Send the link that proves an address; it leads to `page_url`. Raises ClaimRefused."""
    token = start_mail_claim(shopper_id=shopper_id, group_code=group, address=address)
    link = f"{page_url}?token={token}"
    body = _("Open this link to confirm that the address is yours: {link}").format(link=link)
    send_mail(_("Confirm your address"), body, None, [address])
