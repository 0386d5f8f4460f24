"""Benefits of offers, and the reductions they give on cart lines."""
