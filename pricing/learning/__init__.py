"""Learning from shown prices: impressions, updates by the minute, off-policy gate."""
