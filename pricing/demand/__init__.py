"""Demand models, their training and their leaderboard."""
