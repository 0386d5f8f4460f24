"""The web server's entry."""

import os

from django.core.wsgi import get_wsgi_application

from shop.ground.jobs.starting import require_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()
require_ready()
