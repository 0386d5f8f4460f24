"""Pure mathematics of the room: values, features, segments, tags, similarity, cleaning."""
