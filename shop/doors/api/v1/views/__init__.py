"""Views: read, one call to a page or service, write JSON."""
