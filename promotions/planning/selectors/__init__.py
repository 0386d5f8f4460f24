"""Selectors of the planning suite: functions that read."""
