"""Save a filled-in sentence: a draft campaign with its offer, codes, limit and partner, or none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any as Json

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from promotions.campaigns.api import OFFERS, CampaignRefused
from promotions.campaigns.models import PUBLIC_HOLDOUT, Campaign, Offer
from promotions.coupons.models import CodeBatch, Coupon, UseLimit
from promotions.engine.api import normalize_code
from promotions.partners.models import Partner, PartnerShare
from promotions.release.api import save_campaign
from promotions.sentences.api import (
    Answers,
    Plan,
    Template,
    make_offer,
    make_snapshot,
    name_filled,
    say_terms,
)


@transaction.atomic
def build_campaign(
    *,
    template: Template,
    answers: Answers,
    conditions: list[dict[str, Json]],
    bounds: Mapping[str, Json] | None = None,
    by_id: int | None,
    now: datetime,
) -> int:
    """Create the draft a filled-in sentence means and return its campaign's id.

    `answers` also hold `name`, and may hold `name_zh`, `code`, `market_code`; `bounds` are fields
    of the offer that narrow it. Everything is saved or nothing. Raises CampaignRefused with the
    place and the reason.
    """
    plan = template.build(answers)
    said = {**answers, "code": answers.get("code") or free_code(template.code, now)}
    _require_free(said["code"])
    snapshot = make_snapshot(plan, said, conditions, bounds)
    # What it takes stands in its claims from the start: a name may say "free"
    terms = say_terms(snapshot[OFFERS], market_code=snapshot["market_code"])
    if terms:
        snapshot["claims"] = {**snapshot.get("claims", {}), "terms": terms}
    if snapshot["holdout_percent"] and snapshot["audience"] == Campaign.Audience.PUBLIC:
        raise CampaignRefused(str(PUBLIC_HOLDOUT), place="holdout_percent")
    saved = save_campaign(snapshot=snapshot, reason="", by_id=by_id, now=now)
    _add_rows(plan, Offer.objects.get(campaign_id=saved.campaign_id), answers)
    return saved.campaign_id


def add_offer(
    snapshot: Mapping[str, Json], template: Template, answers: Answers
) -> dict[str, Json]:
    """Return a campaign's snapshot with one more offer, which a filled-in sentence means; nothing
    is saved.

    The offer is named by what it gives and has a code nobody has yet. One query, and two for each
    kind of products that the offers name.
    """
    market_code = snapshot["market_code"]
    name, name_zh = name_filled(template, answers, market_code=market_code)
    code = _free_offer_code(f"{snapshot['code']}-{template.code.replace('_', '-')}"[:70])
    named = {"name": name, "name_zh": name_zh, "code": code, **template.stacking}
    offers = [*snapshot[OFFERS], make_offer(template.build(answers), named, [])]
    claims = snapshot.get("claims") or {}
    # What it takes is said with what the others take, unless staff wrote terms of their own
    if claims.get("terms", "") in ("", say_terms(snapshot[OFFERS], market_code=market_code)):
        terms = say_terms(offers, market_code=market_code)
        claims = {**claims, "terms": terms} if terms else claims
    return {**snapshot, "claims": claims, OFFERS: offers}


def _free_offer_code(stem: str) -> str:
    known = set(Offer.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return next(name for n in range(1, 10_000) if (name := f"{stem}-{n}") not in known)


def free_code(stem: str, now: datetime) -> str:
    """Return a campaign code nobody has yet, from the kind and the day. One query."""
    stem = slugify(f"{stem.replace('_', '-')}-{now:%Y-%m-%d}")
    known = set(Campaign.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return next(name for n in range(1, 10_000) if (name := f"{stem}-{n}") not in known)


def _require_free(code: str) -> None:
    if Campaign.objects.filter(code=code).exists():
        raise CampaignRefused(_("There is a campaign with this code already."), place="code")


def _add_rows(plan: Plan, offer: Offer, answers: Answers) -> None:
    if plan.coupon is not None:
        coupon = {**plan.coupon, "code": normalize_code(plan.coupon["code"])}
        _save(Coupon(offer=offer, **coupon), "coupon")
    if plan.batch is not None:
        name = answers["name"][:80]
        _save(CodeBatch(offer=offer, name=name, **plan.batch), "pattern")
    if plan.limit is not None:
        kinds = {"counted": UseLimit.What.UNITS, "entity": UseLimit.ByEntity.GLOBAL}
        _save(UseLimit(offer=offer, **kinds, **plan.limit), "pieces")
    if plan.partner is not None:
        partner = Partner.objects.filter(code=plan.partner["code"], is_active=True).first()
        if partner is None:
            raise CampaignRefused(_("There is no such partner."), place="partner")
        share = PartnerShare(
            partner=partner, campaign=offer.campaign, percent=plan.partner["percent"]
        )
        _save(share, "share")


def _save(row: models.Model, place: str) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        told = " ".join(text for texts in error.message_dict.values() for text in texts)
        raise CampaignRefused(told, place=place) from error
    row.save()
