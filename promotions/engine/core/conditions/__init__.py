"""The condition tree, its leaves, and whom a condition could hold for."""
