"""Import of a shop's own history: read, clean, quarantine, load."""
