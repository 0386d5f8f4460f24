"""What bodies look like: checks of requests, and the OpenAPI schema of responses."""
