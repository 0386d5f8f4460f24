"""Selectors of the coupons suite: functions that read."""
