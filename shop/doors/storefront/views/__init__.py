"""Views: parse, one page function, render."""
