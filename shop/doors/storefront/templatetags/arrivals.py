"""Days of arrival on product, checkout and order pages, as the reader's language writes a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_interval, format_skeleton
from django import template
from django.template import Context
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from orders.values import DeliveryOption
from shop.doors.storefront.visitors import get_visit

register = template.Library()
# Weekday, day and month.
DAY = "MMMEd"


@register.simple_tag(takes_context=True)
def arrival(context: Context, option: DeliveryOption) -> str:
    """Write when an order placed now arrives by a way of delivery: today, a day, or two days."""
    return describe_arrival(
        option,
        now=localtime(get_visit(context["request"]).ctx.now),
        locale=context["shop"]["locale"],
    )


def describe_arrival(option: DeliveryOption, *, now: datetime, locale: str) -> str:
    """Return the day or days of arrival, counted from the local day of `now`."""
    if not option.max_days:
        return _("today")
    first, last = (now.date() + timedelta(days=n) for n in (option.min_days, option.max_days))
    if not option.min_days:
        return _("by %(day)s") % {"day": format_skeleton(DAY, last, locale=locale)}
    return write_days(first, last, locale)


@register.simple_tag(takes_context=True)
def days(context: Context, span: tuple[date, date]) -> str:
    """Write the first and the last day of a span, or the one day."""
    return write_days(*span, context["shop"]["locale"])


def write_days(first: date, last: date, locale: str) -> str:
    """Return a span of days in words."""
    if first == last:
        return str(format_skeleton(DAY, last, locale=locale))
    return str(format_interval(first, last, DAY, locale=locale))
