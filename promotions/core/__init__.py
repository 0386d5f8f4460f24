"""Pure mathematics of promotions: conditions, benefits, stacking. No Django, no clock, no I/O."""
