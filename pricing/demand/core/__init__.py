"""Demand: what sells at which price, partially pooled, with honest doubt.

Fits on aggregated cells, never on raw shoppers; serves from plain arrays. No Django needed.
"""
