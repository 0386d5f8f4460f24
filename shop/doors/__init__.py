"""Entry points for people and machines: pages, API, back office, lists and imports."""
