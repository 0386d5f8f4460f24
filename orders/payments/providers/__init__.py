"""Payment providers behind the one seam, `orders.payments.core.values.Provider`."""
