"""One function per page: it asks the rooms and returns a frozen view-model for HTML and JSON."""
