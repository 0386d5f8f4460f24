"""Simulated visits of the demo: shoppers of a known demand use the shop's own functions."""
