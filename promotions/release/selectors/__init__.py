"""Selectors of the release suite: functions that read."""
