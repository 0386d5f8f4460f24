"""Campaigns in the back office: sentences, checks, the law and results."""
