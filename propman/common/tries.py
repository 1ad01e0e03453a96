"""How often one visitor may guess."""

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def too_many_tries(request: HttpRequest, what: str, *, most: int, within: timedelta) -> bool:
    """Counts a try at `what`; whether the visitor has made more than `most` since the first, `within` that time.

    The visitor's address, not that of the proxy through which all of them come.
    """
    key = f"tries:{what}:{get_adapter().get_client_ip(request)}"
    cache.add(key, 0, within.total_seconds())
    try:
        return int(cache.incr(key)) > most
    except ValueError:  # the time ran out between the two
        return False
