"""Insights: what the shop sells, what personal prices bring, and to whom they are fair."""
