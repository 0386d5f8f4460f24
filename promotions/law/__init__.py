"""Promotion law by jurisdiction, and evidence that a campaign complies."""
