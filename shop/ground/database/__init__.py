"""PostgreSQL as Django's engine, counted for the metrics; many rows at once as arrays."""
