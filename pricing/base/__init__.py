"""Values, money, rounding, price points."""
