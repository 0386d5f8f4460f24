"""Automatic adjustment of running campaigns: evidence, proposals, guardrails."""
