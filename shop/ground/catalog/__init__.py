"""Ground: markets, stores, categories, brands, products, variants; search and listings."""
