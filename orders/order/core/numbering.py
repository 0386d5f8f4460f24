"""Order numbers: short enough to read out on the telephone, too many to guess."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O or U
BITS = 50


def order_number(bits: int) -> str:
    """Return the number for 50 random `bits`, in two groups of five signs.

    >>> order_number(0), order_number(2**50 - 1)
    ('FT-00000-00000', 'FT-ZZZZZ-ZZZZZ')
    """
    signs = "".join(ALPHABET[bits >> shift & 31] for shift in range(BITS - 5, -1, -5))
    return f"FT-{signs[:5]}-{signs[5:]}"


def normalize_number(text: str) -> str:
    """Return a number as typed in the spelling it is stored in: O is 0, I and L are 1.

    >>> normalize_number(" ft-o1l23 45678 ")
    'FT-01123-45678'
    """
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    if not signs.startswith("FT") or len(signs) != 12:
        return text.strip().upper()
    body = signs[2:].translate(str.maketrans("OIL", "011"))
    return f"FT-{body[:5]}-{body[5:]}"
