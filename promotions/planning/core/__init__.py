"""Pure parts of planning."""
