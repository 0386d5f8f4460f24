"""The shop's name, appearance, imprint and legal texts, edited by staff in one row."""
