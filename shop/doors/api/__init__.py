"""The JSON door for mobile clients, and the doors for machines: health, readiness, metrics."""
