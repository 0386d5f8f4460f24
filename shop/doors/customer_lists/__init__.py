"""Customers as a list: taken in with what they agreed to, taken back, given out."""
