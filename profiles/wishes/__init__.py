"""Suite: products that shoppers saved, and who is told when a sold-out one is back."""
