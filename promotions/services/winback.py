"""Win-back campaigns: chosen by how long ago somebody bought, written to with consent only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse

from promotions.metrics import winback_total
from promotions.models import Campaign, CampaignShopper, PointsAccount
from promotions.selectors.personal_law import find_personal_rule
from promotions.services.points_mail import find_reader, send_letter
from promotions.services.unsubscribing import write_stop_link

QUIET = timedelta(days=90)
COME_BACK = (
    ("{name}: for you until {day}", "{name}，有效期至 {day}"),
    (
        (
            "We have not seen you for a while. {name}: it is in your cart by itself until {day}.\n"
            "{link}\n\n{label}\nWhy: you have not bought for 90 days.\nHow our prices work: {rules}"
            "\n\nYou get this letter because you agreed to offers by e-mail.\n"
            "Stop these letters: {stop}"
        ),
        (
            "好久不见。{name}，有效期至 {day}，购物车中自动生效。\n{link}\n\n"
            "{label}\n原因：您已 90 天未购物。\n我们的定价方式：{rules}\n\n"
            "您收到此邮件是因为同意接收优惠邮件。\n退订此类邮件：{stop}"
        ),
    ),
)


def address_lapsed_members(*, now: datetime, limit: int = 500) -> int:
    """Address every live win-back campaign to members it fits; return how many were written to.

    Fits who agreed to offers by e-mail, bought before, not for 90 days, and was not addressed by a
    win-back campaign in the last 90 days, where the law of their place (of the market, where nobody
    knows it) allows personal offers; the letter bears its label and ends by one click. One
    transaction per member: letter and offer go together.
    """
    live = Campaign.objects.filter(
        kind=Campaign.Kind.WIN_BACK,
        audience=Campaign.Audience.PERSONAL,
        status=Campaign.Status.LIVE,
        starts_at__lte=now,
        ends_at__gt=now,
    )
    written = 0
    for campaign in live.order_by("pk"):
        for shopper_id in list_lapsed_members(
            market_code=campaign.market_code, now=now, limit=limit - written
        ):
            written += _address(campaign, shopper_id, now)
    winback_total.inc(written)
    return written


def list_lapsed_members(*, market_code: str, now: datetime, limit: int) -> list[int]:
    """Return shoppers a win-back campaign may address, longest away first. One query."""
    recent = CampaignShopper.objects.filter(
        campaign__kind=Campaign.Kind.WIN_BACK, campaign__starts_at__gt=now - QUIET
    )
    members = PointsAccount.objects.filter(
        Q(market_code=market_code) if market_code else Q(),
        shopper__consent_marketing=True,
        shopper__is_minor=False,
        shopper__account__isnull=False,
        shopper__erased_at__isnull=True,
    ).exclude(shopper__in=recent.values("shopper"))
    bought = members.annotate(last=Max("orders__paid_at")).filter(last__lte=now - QUIET)
    return [
        row for row in bought.order_by("last").values_list("shopper_id", flat=True)[:limit] if row
    ]


@transaction.atomic
def _address(campaign: Campaign, shopper_id: int, now: datetime) -> int:
    reader = find_reader(shopper_id)
    if reader is None:
        return 0
    market_code = campaign.market_code or reader.market_code
    rule = find_personal_rule(region=reader.place_code, market_code=market_code, now=now)
    if not rule.personal_allowed:
        return 0
    _row, is_new = CampaignShopper.objects.get_or_create(campaign=campaign, shopper_id=shopper_id)
    if not is_new:
        return 0
    is_chinese = reader.language == "zh"
    name = (campaign.name_zh or campaign.name) if is_chinese else campaign.name
    send_letter(
        reader,
        COME_BACK,
        stop=write_stop_link(reader.pseudonym, "zh-hans" if is_chinese else "en"),
        name=name,
        day=campaign.ends_at.date().isoformat(),
        label=rule.label(reader.language),
        rules=settings.SITE_URL.rstrip("/") + reverse("pricing_rules"),
    )
    return 1
