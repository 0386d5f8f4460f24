"""`./dev pictures`: the pictures of the documents, and accessibility of every page of the demo."""
