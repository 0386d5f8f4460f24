"""Pure parts of targeting."""
