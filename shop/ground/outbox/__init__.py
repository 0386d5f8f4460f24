"""Ground: facts written in the caller's transaction, delivered by a worker at least once."""
