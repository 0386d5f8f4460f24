"""Pure parts: colours that can be read, texts without HTML, pictures that are what they say."""
