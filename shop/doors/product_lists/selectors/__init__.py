"""Read imports, and the catalogue as a list says it."""
