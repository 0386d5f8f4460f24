"""The first page of staff: sales, prices, and the state of the machine."""
