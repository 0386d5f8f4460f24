"""The web server's entry."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from shop.ground.jobs.starting import require_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()
require_ready()
# Before the fork: each web process would read all pages' code for itself, with its first page.
_ = get_resolver().url_patterns
