"""Tests of public prices: draws, arms and what was served."""
