"""Services of the suite."""
