"""Services of the demo suite: functions that write."""
