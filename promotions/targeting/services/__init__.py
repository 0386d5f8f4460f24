"""Services of the targeting suite: functions that write."""
