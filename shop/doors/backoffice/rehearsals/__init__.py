"""Drafts tried before they are released, and orders evaluated again."""
