"""Pure parts of release."""
