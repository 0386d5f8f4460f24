"""Pages about shoppers and segments of them."""
