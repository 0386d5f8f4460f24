"""Names of the room's keys in Redis."""

from __future__ import annotations

STREAM = "fairtag:quotes"
GROUP = "drain"
# Looks at public prices, a page an entry; longer than this it forgets the oldest.
LOOKS, MOST_PAGES = "fairtag:looks", 200_000
# Bits by day and place: which sets of goods a page of the day has shown.
SEEN_SETS = "fairtag:look-sets:"
