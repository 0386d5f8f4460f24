"""Selectors of the loyalty suite: functions that read."""
