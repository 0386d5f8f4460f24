"""Pure: stock lines."""
