"""The settings as mypy's Django plugin reads them: from a bare shell, where no secret is set."""

import os

os.environ.setdefault("SECRET_KEY", "the-type-checker-signs-nothing")
os.environ.setdefault("HTTPS", "0")  # production asks for a strong key and a mail server

from shop.settings import *  # noqa: F403 - the environment must be complete before
