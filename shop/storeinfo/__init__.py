"""Who sells: the shop's name, look, imprint and legal texts, edited by staff in one row."""
