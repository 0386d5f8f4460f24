"""Pure mathematics of prices: numpy in, numpy out. No Django, no clock, no global randomness."""
