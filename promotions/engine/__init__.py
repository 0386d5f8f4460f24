"""Pure: conditions, benefits, stacking, and the one evaluator of a cart."""
