"""What binds an offer beside its own row, as clauses of its sentence: codes, limits, partner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.db.models import Count, Min, Q

from promotions.core.builder.plans import write_percent
from promotions.core.builder.words import Lexicon
from promotions.core.limits import Counted, Entity, Period
from promotions.models import Campaign, CodeBatch, Coupon, PartnerShare, UseLimit

# (English after the number, Chinese before it)
_BY: Mapping[str, tuple[str, str]] = {
    Entity.GLOBAL: ("", ""),
    Entity.CODE: (" a code", "每个优惠码"),
    Entity.SHOPPER: (" a shopper", "每位顾客"),
    Entity.ORDER: (" an order", "每单"),
    Entity.CHANNEL: (" a channel", "每个渠道"),
}
_PER: Mapping[str, tuple[str, str]] = {
    Period.NONE: ("", ""),
    Period.DAY: (" each day", "每天"),
    Period.WEEK: (" each week", "每周"),
    Period.MONTH: (" each month", "每月"),
}
_WHAT: Mapping[str, tuple[str, str]] = {
    Counted.UNITS: ("pieces", "件"),
    Counted.USES: ("uses", "次"),
}


def say_extras(campaign: Campaign, words: Lexicon) -> dict[int, tuple[str, ...]]:
    """Return the clauses by offer; 0 stands for all offers of the campaign.

    Three queries, with the partner's share in the campaign's own.
    """
    said: dict[int, list[str]] = defaultdict(list)
    for key, clause in (*_say_codes(campaign, words), *_say_limits(campaign, words)):
        said[key].append(clause)
    share: PartnerShare | None = getattr(campaign, "partner_share", None)
    if share is not None:
        said[0].append(_say_share(share, words))
    return {key: tuple(clauses) for key, clauses in said.items()}


def _say_codes(campaign: Campaign, words: Lexicon) -> Iterator[tuple[int, str]]:
    single = Coupon.objects.filter(offer__campaign=campaign, batch__isnull=True).order_by("offer")
    counted = single.values_list("offer_id").annotate(Count("pk"), Min("code"))
    for offer_id, count, code in counted:
        if count == 1:
            yield offer_id, words.pick((f"the code is {code}", f"优惠码为 {code}"))
        else:
            english = f"with one of {count:,} codes such as {code}"
            yield offer_id, words.pick((english, f"凭 {count:,} 个优惠码之一（如 {code}）"))
    for batch in CodeBatch.objects.filter(offer__campaign=campaign).order_by("pk"):
        english = f"with one of {batch.amount:,} codes like {batch.pattern}"
        chinese = f"凭 {batch.amount:,} 个形如 {batch.pattern} 的优惠码之一"
        yield batch.offer_id, words.pick((english, chinese))


def _say_limits(campaign: Campaign, words: Lexicon) -> Iterator[tuple[int, str]]:
    of = Q(offer__campaign=campaign) | Q(campaign=campaign)
    for limit in UseLimit.objects.filter(of, is_active=True):
        by, per, what = _BY[limit.entity], _PER[limit.period], _WHAT[limit.counted]
        own = words.pick((f"{by[0]}{per[0]}", f"{per[1]}{by[1]}"))
        if limit.max_uses is not None:
            pair = f"{limit.max_uses} {what[0]}{own} only", f"{own}限 {limit.max_uses} {what[1]}"
            yield limit.offer_id or 0, words.pick(pair)
        if limit.max_minor is not None:
            money = words.money(limit.max_minor)
            yield limit.offer_id or 0, words.pick((f"at most {money}{own}", f"{own}最多减 {money}"))


def _say_share(share: PartnerShare, words: Lexicon) -> str:
    name, percent = share.partner.name, write_percent(share.percent)
    english, chinese = f"{name} pays {percent} % of it", f"{name}承担其中 {percent} %"
    if share.cap_minor is not None:
        cap = words.money(share.cap_minor)
        english, chinese = f"{english}, {cap} at most", f"{chinese}，最多 {cap}"
    return words.pick((english, chinese))
