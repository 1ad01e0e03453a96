"""python -m propman.ops.probe: exit 0 when the portal of this container answers; asks by a host name that it serves."""

import os
import sys
import urllib.error
import urllib.request

from propman.settings.environment import words

host = words("ALLOWED_HOSTS")[0]
address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz"
try:
    urllib.request.urlopen(urllib.request.Request(address, headers={"Host": host}), timeout=5).close()
except (urllib.error.URLError, TimeoutError) as problem:
    sys.exit(f"{address}: {problem}")
