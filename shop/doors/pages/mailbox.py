"""The mails of a demo, which are files and reach nobody: shown to whoever sits at the machine."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

END_OF_MAIL = b"\n" + b"-" * 79 + b"\n"  # Django's file backend writes it after each
MOST_MAILS = 30


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its reader would see it."""

    sent_at: datetime
    to: str
    subject: str
    text: str


def list_mails(folder: Path) -> list[Mail]:
    """Return the newest mails, the latest first."""
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    found = [mail for file in files[:MOST_MAILS] for mail in reversed(_read_mails(file))]
    return found[:MOST_MAILS]


def _read_mails(file: Path) -> list[Mail]:
    sent_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return [_read_mail(raw, sent_at) for raw in file.read_bytes().split(END_OF_MAIL) if raw.strip()]


def _read_mail(raw: bytes, sent_at: datetime) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    text = "" if body is None else str(body.get_content()).strip()
    return Mail(sent_at, str(message["To"]), str(message["Subject"]), text)
