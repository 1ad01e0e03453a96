from rest_framework.pagination import CursorPagination


class KeyPagination(CursorPagination):
    """Pages by key, newest first: a page costs the same however deep it lies."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
