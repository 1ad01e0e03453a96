"""What every request passes, whatever it asks for."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse


class NoNullMiddleware:
    """An address with a null character names nothing: no text of the database has one, and PostgreSQL refuses to look."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        return self.get_response(request)
