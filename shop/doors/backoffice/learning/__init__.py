"""What is learned of demand, as text and charts."""
