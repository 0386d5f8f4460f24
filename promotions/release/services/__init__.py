"""Services of the release suite: functions that write."""
