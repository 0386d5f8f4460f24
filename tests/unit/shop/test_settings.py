"""What the defaults promise."""

from __future__ import annotations

from django.core.mail import get_connection


def test_a_mail_server_that_hangs_is_given_up() -> None:
    """Letters are sent under the order's lock."""
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert connection.timeout == 10  # type: ignore[attr-defined]  # of the SMTP backend
