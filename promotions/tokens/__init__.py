"""Tokens with which staff call the API."""
