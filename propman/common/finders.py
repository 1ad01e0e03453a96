from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class PackagesFinder(FileSystemFinder):
    """Of the npm packages only what pages load: their other files name pictures and maps that nobody ships."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for path, storage in super().list(ignore_patterns):
            if not storage.prefix or any(fnmatch(path, wanted) for wanted in settings.PACKAGE_FILES):
                yield path, storage
