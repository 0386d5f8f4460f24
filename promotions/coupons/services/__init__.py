"""Services of the coupons suite: functions that write."""
