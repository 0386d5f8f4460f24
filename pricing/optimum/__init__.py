"""The pure choice of prices: feasible prices, public optimum, personal price points."""
