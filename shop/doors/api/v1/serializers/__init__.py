"""Request validation, and the OpenAPI schema of responses."""
