"""Bringing models into use: trials, ramps, rollback, replay, what visits earned."""
