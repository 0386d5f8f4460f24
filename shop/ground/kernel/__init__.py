"""Pure foundation: money, time, ids, hashing, errors, arrays. No Django, no I/O."""
