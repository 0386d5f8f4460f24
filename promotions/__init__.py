"""The room of promotions: campaigns, offers, coupons, redemptions and their limits."""
