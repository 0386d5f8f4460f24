"""Points, tiers, referrals, points at the point of sale."""
