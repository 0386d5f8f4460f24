"""Records of published and shown prices: history, books, quotes, impressions."""
