"""Selectors of the suite: functions that read."""
