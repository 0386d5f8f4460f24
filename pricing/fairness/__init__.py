"""Fairness audits of demand models."""
