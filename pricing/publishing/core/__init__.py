"""Pure functions of the suite."""
