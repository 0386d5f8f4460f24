"""Pure parts of loyalty."""
