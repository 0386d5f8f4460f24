"""Saving, checking and releasing campaigns; conflicts between them."""
