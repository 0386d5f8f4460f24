"""Write returns: ask, withdraw, receive, settle. Each step takes the order's step lock."""
