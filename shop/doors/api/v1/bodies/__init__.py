"""From frozen view-models to plain JSON values; no query, no request."""
