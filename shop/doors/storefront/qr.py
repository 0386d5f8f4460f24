"""Numbers and codes as pictures that a till scans."""

from __future__ import annotations

from base64 import b64encode

import qrcode
from qrcode.image.svg import SvgPathImage


def draw_qr(text: str) -> str:
    """Return a QR code as the address of a picture that needs no further request."""
    picture: bytes = qrcode.make(text, image_factory=SvgPathImage).to_string()
    return f"data:image/svg+xml;base64,{b64encode(picture).decode()}"
