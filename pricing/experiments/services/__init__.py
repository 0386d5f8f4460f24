"""Services of the suite: functions that write."""
