"""Room: what everything costs, for everybody and for one shopper, and why."""
