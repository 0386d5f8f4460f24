"""Offers as staff save them, in JSON, read and described."""
