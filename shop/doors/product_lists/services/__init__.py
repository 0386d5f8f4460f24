"""Take lists in, and take what they did back."""
