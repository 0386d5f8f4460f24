"""Selectors of the campaigns suite: functions that read."""
