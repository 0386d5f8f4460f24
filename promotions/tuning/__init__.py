"""Campaigns that adjust themselves within bounds."""
