"""Groups a shopper proves to belong to: student, teacher, senior. Declared, never inferred."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from promotions.engine.api import normalize_code
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
CODE_PATTERN = "####-####-####"
_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


class ClaimRefused(FairtagError):
    """The proof cannot be taken: `code` says why."""

    code = "claim_refused"


@dataclass(frozen=True, slots=True)
class MyGroup:
    """A group, its ways of proof, and where one shopper stands: "", pending, accepted, refused."""

    code: str
    name: str
    takes_documents: bool
    takes_codes: bool
    mail_domains: tuple[str, ...]
    state: str = ""
    valid_until: datetime | None = None
    reason: str = ""


def find_document_type(content: bytes) -> str:
    """Return the media type by what the file begins with, never by its name. Raises ClaimRefused.

    >>> find_document_type(b"%PDF-1.7 ...")
    'application/pdf'
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise ClaimRefused(gettext_noop("The file is larger than 5 MB."), code="document_too_large")
    for start, media_type in _SIGNATURES.items():
        if content.startswith(start):
            return media_type
    raise ClaimRefused(gettext_noop("Send a PDF, JPEG or PNG file."), code="document_type")


def digest_code(code: str) -> str:
    """Return what is kept of a verification code: whoever reads the table cannot use it.

    >>> digest_code("ab2c-9xyz") == digest_code(" AB2C-9XYZ ")
    True
    """
    return hashlib.blake2b(normalize_code(code).encode(), digest_size=24).hexdigest()


def find_domain(address: str, domains: tuple[str, ...]) -> bool:
    """Return whether an address is at one of `domains` or below one.

    >>> [find_domain(a, ("uni.example",)) for a in ("a@cs.uni.example", "a@myuni.example")]
    [True, False]
    """
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
