"""What is kept of a file, whatever it calls itself and whoever made it."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from propman.common import uploads
from propman.common.uploads import UnfitFile, read_file, read_files
from tests.factories.files import AUTHOR, camera_exif, encoded, jpeg_bytes, pdf_bytes, picture, upload


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize(("format", "kind"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
def test_photo_is_known_by_its_content(format, kind):
    kept = read_file(upload(encoded(picture(), format), "whatever.exe", "text/html"))
    assert (kept.kind, kept.width, kept.height) == (kind, 640, 480)
    assert opened(kept.content).format == format
    assert opened(kept.preview).size == (320, 240)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_camera_is_left(format):
    said = {"exif": camera_exif()}
    if format == "JPEG":
        said |= {"comment": AUTHOR.encode()}
    if format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", AUTHOR)
        info.add_itxt("XML:com.adobe.xmp", f"<x>{AUTHOR}</x>")
        said |= {"pnginfo": info}
    if format == "WEBP":
        said |= {"xmp": f"<x>{AUTHOR}</x>".encode()}
    given = encoded(picture(), format, icc_profile=b"profile of " + AUTHOR.encode(), **said)
    assert AUTHOR.encode() in given
    kept = read_file(upload(given))
    for content in (kept.content, kept.preview):
        assert AUTHOR.encode() not in content
        assert b"Exif" not in content
        assert not opened(content).getexif()
        assert not {"comment", "icc_profile", "xmp", "exif", "XML:com.adobe.xmp"} & set(opened(content).info)


def test_photo_lies_as_it_was_held():
    given = jpeg_bytes(picture(640, 480), exif=camera_exif(orientation=6))
    kept = read_file(upload(given))
    assert (kept.width, kept.height) == (480, 640)
    right_upper = opened(kept.content).getpixel((449, 40))
    assert min(right_upper) > 200  # the white dot has turned with it


def test_large_photo_is_drawn_smaller():
    kept = read_file(upload(jpeg_bytes(picture(6000, 4000))))
    assert (kept.width, kept.height) == (2560, 1707)


def test_clear_parts_stay_clear_in_a_png():
    kept = read_file(upload(encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG")))
    assert opened(kept.content).getpixel((5, 5))[3] == 0
    assert min(opened(kept.preview).getpixel((5, 5))) > 240


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_every_colour_of_photo_can_be_read(mode):
    format = "PNG" if mode == "1" else "JPEG"
    assert opened(read_file(upload(encoded(picture().convert(mode), format))).content).mode == "RGB"


def test_second_file_behind_a_photo_is_gone():
    hidden = b"<html><script>alert(1)</script></html>PK\x03\x04"
    kept = read_file(upload(jpeg_bytes() + hidden))
    assert b"<script>" not in kept.content
    assert b"PK\x03\x04" not in kept.content[-100:]


def test_comment_with_a_script_is_gone():
    kept = read_file(upload(jpeg_bytes(comment=b"<script>alert(1)</script>%PDF-1.7")))
    assert b"<script>" not in kept.content
    assert b"%PDF" not in kept.content


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")


def heavy_text() -> bytes:
    """A PNG of one pixel whose text swells to 100 MB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("a", "x" * 100_000_000, zip=True)
    return encoded(picture(1, 1), "PNG", pnginfo=info)


BAD = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": encoded(picture().convert("P"), "GIF"),
    "tiff": encoded(picture(), "TIFF"),
    "half a jpeg": jpeg_bytes()[:900],
    "half a png": encoded(picture(), "PNG")[:700],
    "half a webp": encoded(picture(), "WEBP")[:300],
    "head of a jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    "zip": zipped(),
    "zip as pdf": b"%PDF-1.7\n" + zipped(),
    "pdf with a zip behind": pdf_bytes() + zipped(),
    "pdf without an end": pdf_bytes()[:-7],
    "pdf without a table": pdf_bytes().replace(b"xref\n0", b"yref\n0"),
    "html as pdf": b"%PDF-1.7\n<script>alert(1)</script>\nstartxref\n3\n%%EOF",
    "pdf with its table nowhere": b"%PDF-1.4\nstartxref\n" + b"9" * 400 + b"\n%%EOF",
    "nothing": b"",
    "text that swells": heavy_text(),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("called", "media_type"), [("photo.jpg", "image/jpeg"), ("letter.pdf", "application/pdf")])
def test_bad_file_is_refused_by_name(name, called, media_type):
    with pytest.raises(UnfitFile, match=called):
        read_file(upload(BAD[name], called, media_type))


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (10_000, 9_000), (8_000, 6_500)])
def test_more_pixels_than_a_phone_takes_are_refused_unread(width, height):
    with pytest.raises(UnfitFile, match="pixels"):
        read_file(upload(bomb(width, height)))


def test_pixels_within_the_limit_that_are_not_there_are_refused():
    with pytest.raises(UnfitFile, match="read"):
        read_file(upload(bomb(7_000, 7_000)))


def test_largest_size_is_told(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_PHOTO", 1000)
    monkeypatch.setattr(uploads, "LARGEST_DOCUMENT", 100)
    with pytest.raises(UnfitFile, match="MB"):
        read_file(upload(jpeg_bytes()))
    with pytest.raises(UnfitFile, match="MB"):
        read_file(upload(pdf_bytes()))


def test_document_is_kept_as_it_came():
    kept = read_file(upload(pdf_bytes(), "letter.jpg", "image/jpeg"))
    assert (kept.kind, kept.content, kept.preview, kept.width) == ("pdf", pdf_bytes(), b"", None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Lin\\roof.jpg", "roof.jpg"),
        ("a\0b.jpg", "ab.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("roof\n\tleak.jpg", "roof leak.jpg"),
        ("水" * 300, "水" * 120),
        ("", "unnamed"),
    ],
)
def test_name_is_one_line_without_folders(given, kept):
    assert uploads.tidy_name(given) == kept


def test_more_than_six_files_are_refused():
    with pytest.raises(UnfitFile, match="30"):
        read_files([upload(jpeg_bytes())] * 30)


def test_every_bad_file_is_named():
    with pytest.raises(UnfitFile) as raised:
        read_files([upload(b"<svg/>", "a.jpg"), upload(jpeg_bytes(), "b.jpg"), upload(b"", "c.jpg")])
    assert ["a.jpg" in raised.value.args[0], "c.jpg" in raised.value.args[1]] == [True, True]
