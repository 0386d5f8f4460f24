"""The HTML door: parse, ask one page function, render."""
