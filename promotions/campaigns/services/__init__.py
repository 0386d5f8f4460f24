"""Services of the campaigns suite: functions that write."""
