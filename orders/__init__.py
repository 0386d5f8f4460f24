"""The room of orders: cart, checkout, payment, order, refund."""
