"""Pure: read a list's cells, check its rows, say what differs from the shop."""
