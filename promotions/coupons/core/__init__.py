"""Pure parts of coupons."""
