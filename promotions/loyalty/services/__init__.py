"""Services of the loyalty suite: functions that write."""
