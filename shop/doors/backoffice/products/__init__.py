"""The form and the page of a product."""
