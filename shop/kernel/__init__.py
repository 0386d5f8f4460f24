"""Pure ground floor: money, time, ids, hashing, errors, arrays. No Django, no I/O."""
