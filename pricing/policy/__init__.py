"""Guardrails, jurisdictions, kill switches."""
