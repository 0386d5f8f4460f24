"""Campaigns and their offers: rows, snapshots, the compiled offer book, budgets."""
