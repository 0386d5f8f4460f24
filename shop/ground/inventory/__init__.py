"""Ground: stock on hand, timed reservations, and the ledger of every movement."""
