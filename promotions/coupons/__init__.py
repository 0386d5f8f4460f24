"""Codes, limits of use, redemptions, verified groups."""
