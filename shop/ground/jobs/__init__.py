"""Ground: every run of a job recorded, bad rows kept in quarantine, the door to Redis."""
