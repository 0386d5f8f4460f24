"""Campaigns of the demo, and those of imported data."""
