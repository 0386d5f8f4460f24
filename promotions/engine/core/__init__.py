"""Pure parts of engine."""
