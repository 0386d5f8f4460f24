"""Pure parts of sentences."""
