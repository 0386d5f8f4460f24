"""PostgreSQL as Django's engine, counted for the metrics."""
