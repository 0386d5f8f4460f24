"""Services of the planning suite: functions that write."""
