"""Services of the tuning suite: functions that write."""
