"""Tables of the suite."""
