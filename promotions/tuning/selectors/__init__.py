"""Selectors of the tuning suite: functions that read."""
