"""Offers as sentences: said from what is computed, and filled in by staff."""
