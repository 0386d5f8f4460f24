"""An offer said in words, English and Chinese."""
