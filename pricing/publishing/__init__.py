"""Publication of public prices: proposals, overrides, tests, the price book."""
