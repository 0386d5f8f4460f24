"""Selectors of the law suite: functions that read."""
