"""Stacking rules, and the best allowed combination of offers."""
