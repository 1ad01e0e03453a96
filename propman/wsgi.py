import os

from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propman.settings.production")
application = get_wsgi_application()

try:
    connection.ensure_connection()  # refuses a login with too many rights now, not at the first request
except OperationalError:
    pass  # no database yet: /readyz tells, and requests try again
finally:
    connection.close()
