"""Experiments in words, charts and forms."""
