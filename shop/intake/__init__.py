"""Roof: the door through which a shop's own history comes in: read, clean, quarantine, load."""
