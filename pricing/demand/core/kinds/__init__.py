"""Families of demand models, each one file on a library, behind `Challenger`'s one interface."""
