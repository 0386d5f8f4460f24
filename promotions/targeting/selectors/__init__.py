"""Selectors of the targeting suite: functions that read."""
