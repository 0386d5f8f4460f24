"""Prices of variants: proposals, history and decisions."""
