"""Middleware that every web request passes before it reaches a door."""
