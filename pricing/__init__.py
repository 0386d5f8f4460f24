"""The room of pricing: public and personal prices, and their explanation."""
