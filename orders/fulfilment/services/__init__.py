"""Write parcels: pack, ship, hand out, cancel. Each step takes the order's step lock."""
