"""Offers that may apply to a shopper and a cart: gathered, evaluated, previewed."""
