"""Returns: what may be sent back until when, and what happens to it."""
