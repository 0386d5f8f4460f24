"""Tags of staff pages: relative moments."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_ago

register = template.Library()


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago a moment was, with the moment itself on hover; a dash for none."""
    return show_ago(moment, utc_now())
