"""Pure: values, names, measures, words."""
