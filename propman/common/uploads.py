"""What is kept of a file that somebody chose: its type is read from its content, and a photo is drawn anew.

Neither the name nor the type that a browser tells is believed. A photo is decoded and encoded again, so that nothing
but its pixels is left: no place, no camera, no comment, no second file behind the first.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.core.files import File
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from .text import legible

MOST_FILES = 6  # with one submission
MEGABYTE = 1024 * 1024
LARGEST_PHOTO, LARGEST_DOCUMENT = 20 * MEGABYTE, 10 * MEGABYTE
MOST_PIXELS = 50_000_000  # what today's phones take; four bytes each while it is drawn
LONGEST_EDGE, PREVIEW_EDGE = 2560, 320  # in pixels
LONGEST_NAME = 120

JPEG, PNG, WEBP, PDF = "jpeg", "png", "webp", "pdf"
PHOTO_KINDS = frozenset({JPEG, PNG, WEBP})
MEDIA_TYPES = {JPEG: "image/jpeg", PNG: "image/png", WEBP: "image/webp", PDF: "application/pdf"}
ACCEPT = ",".join(MEDIA_TYPES.values())
FORMATS = {"JPEG": JPEG, "MPO": JPEG, "PNG": PNG, "WEBP": WEBP}  # MPO: a JPEG with a second view behind it
SAVED: dict[str, dict[str, Any]] = {
    JPEG: {"format": "JPEG", "quality": 85, "optimize": True},
    PNG: {"format": "PNG"},
    WEBP: {"format": "WEBP", "quality": 85},
}


class UnfitFile(Exception):
    """Files that are not kept: one sentence for each, which and why."""


@dataclass(frozen=True)
class NewFile:
    """A file as it will be kept: `content` (and for a photo `preview`, a small JPEG) without anything that came beside it.

    `name` is what the sender called it. `sha256` is of `content`, in hexadecimal.
    """

    kind: str
    content: bytes
    name: str
    preview: bytes = b""
    width: int | None = None
    height: int | None = None
    salt: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read_files(given: Sequence[File]) -> list[NewFile]:
    """What is kept of the files of one submission. Raises UnfitFile with a sentence for each that is not fit."""
    if len(given) > MOST_FILES:
        raise UnfitFile(too_many(len(given)))
    kept: list[NewFile] = []
    problems: list[str] = []
    for one in given:
        try:
            kept.append(read_file(one))
        except UnfitFile as problem:
            problems += problem.args
    if problems:
        raise UnfitFile(*problems)
    return kept


def too_many(given: int) -> str:
    return _("Choose %(most)d files at most; these are %(given)d.") % {"most": MOST_FILES, "given": given}


def read_file(given: File) -> NewFile:
    """What is kept of an uploaded file. Raises UnfitFile with a sentence for whoever chose it."""
    name = tidy_name(given.name or "")
    size = given.size or 0
    if not size:
        raise UnfitFile(_("“%(name)s” is empty.") % {"name": name})
    given.seek(0)
    if given.read(5) == b"%PDF-":
        return _read_document(given, name, size)
    if size > LARGEST_PHOTO:
        raise UnfitFile(_too_large(name, size, LARGEST_PHOTO))
    given.seek(0)
    return _read_photo(given, name)


def tidy_name(name: str) -> str:
    """A given name as one short line, without the folders that it came from."""
    last = re.split(r"[/\\]", legible(name))[-1]
    return " ".join(last.split())[:LONGEST_NAME] or _("unnamed")


def _too_large(name: str, size: int, most: int) -> str:
    return _("“%(name)s” has %(size)d MB; %(most)d MB is the most.") % {
        "name": name,
        "size": -(-size // MEGABYTE),
        "most": most // MEGABYTE,
    }


def _read_photo(given: File, name: str) -> NewFile:
    try:
        with Image.open(given, formats=["JPEG", "PNG", "WEBP"]) as image:
            kind = FORMATS[image.format or ""]
            if image.width * image.height > MOST_PIXELS:
                raise UnfitFile(_too_many_pixels(name))
            image.draft(None, (LONGEST_EDGE, LONGEST_EDGE))  # a JPEG is decoded no larger than it will be kept
            upright = ImageOps.exif_transpose(image)
            is_clear = kind != JPEG and upright.has_transparency_data
            drawn = upright.convert("RGBA" if is_clear else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnfitFile(_too_many_pixels(name)) from None
    # What decoders raise over bytes made to break them: no list of theirs is complete.
    except (OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, EOFError, zlib.error) as problem:
        raise UnfitFile(
            _("“%(name)s” cannot be read. Choose photos (JPEG, PNG or WEBP) or a PDF, and see that they are whole.")
            % {"name": name}
        ) from problem
    drawn.info.clear()  # comments and colour profiles would be written again
    drawn.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    small = drawn.copy()
    small.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    if is_clear:
        paper = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(paper, small).convert("RGB")
    return NewFile(
        kind=kind,
        content=_encoded(drawn, kind),
        preview=_encoded(small, JPEG),
        name=name,
        width=drawn.width,
        height=drawn.height,
    )


def _too_many_pixels(name: str) -> str:
    return _("“%(name)s” has too many pixels; %(most)d million are the most.") % {
        "name": name,
        "most": MOST_PIXELS // 1_000_000,
    }


def _encoded(image: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    image.save(out, **SAVED[kind])
    return out.getvalue()


END_OF_PDF = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
TABLE_OF_PDF = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")


def _read_document(given: File, name: str, size: int) -> NewFile:
    """A PDF as it came, if it begins, ends and keeps its table as one, with nothing behind its end."""
    if size > LARGEST_DOCUMENT:
        raise UnfitFile(_too_large(name, size, LARGEST_DOCUMENT))
    given.seek(0)
    content = given.read()
    end = END_OF_PDF.search(content[-1024:].rstrip(b"\0 \t\r\n"))
    has_table = end is not None and TABLE_OF_PDF.match(content, int(end[1]))
    if not (re.match(rb"%PDF-[12]\.\d", content) and has_table):
        raise UnfitFile(_("“%(name)s” is not a whole PDF.") % {"name": name})
    return NewFile(kind=PDF, content=content, name=name)


class FrugalUploadHandler(TemporaryFileUploadHandler):
    """Keeps no more of an upload on disk than could ever be taken: of each file one byte beyond the largest, of twenty files.

    The size is counted on, so that the form can say how large the file was, and what else was typed is not lost.
    """

    MOST = 20

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = LARGEST_PHOTO + 1 - start if self.files <= self.MOST else 0
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)
