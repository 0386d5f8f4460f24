"""Read the rules of returns, what may be sent back, and returns."""
