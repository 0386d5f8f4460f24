"""The request path: prices of a page, held quotes, their records."""
