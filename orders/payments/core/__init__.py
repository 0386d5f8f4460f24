"""Pure values of payments: what is asked of a provider and what it answers."""
