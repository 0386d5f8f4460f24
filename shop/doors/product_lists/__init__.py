"""Lists of products: what a merchant keeps in a spreadsheet, taken in, undone and given back."""
