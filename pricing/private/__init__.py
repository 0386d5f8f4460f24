"""Releases and models with privacy noise."""
