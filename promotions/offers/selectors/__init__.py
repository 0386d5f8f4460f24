"""Selectors of the offers suite: functions that read."""
