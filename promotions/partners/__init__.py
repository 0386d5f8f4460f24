"""Cost shares of partners, and settlements."""
