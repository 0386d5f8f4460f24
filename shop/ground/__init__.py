"""Foundation of all rooms: money, ids, jobs, facts, products, stock and staff."""
