"""Counters of the promotions."""

from __future__ import annotations

from prometheus_client import Counter

redemptions_total = Counter(
    "fairtag_redemptions_total", "Uses of offers by what became of them", ["state"]
)
redemptions_refused_total = Counter(
    "fairtag_redemptions_refused_total", "Uses refused by a limit or budget", ["reason"]
)
code_spaces_closed_total = Counter(
    "fairtag_code_spaces_closed_total", "Codes not looked at because too many like it were wrong"
)
codes_refused_total = Counter(
    "fairtag_codes_refused_total", "Entered codes that did not apply, by reason", ["reason"]
)
points_total = Counter("fairtag_points_total", "Loyalty points moved, by what moved them", ["kind"])
till_acts_total = Counter("fairtag_till_acts_total", "What tills did with points", ["kind"])
referrals_total = Counter(
    "fairtag_referrals_total", "Invitations by what became of them", ["state"]
)
winback_total = Counter("fairtag_winback_addressed_total", "Members addressed to win them back")
campaign_adjustments_total = Counter(
    "fairtag_campaign_adjustments_total",
    "Changes campaigns proposed for themselves, by what became of them",
    ["lever", "state"],
)
budget_alerts_total = Counter(
    "fairtag_budget_alerts_total", "Campaigns that reached a share of their budget", ["percent"]
)
digests_total = Counter("fairtag_offer_digests_total", "Weekly letters with own offers sent")
