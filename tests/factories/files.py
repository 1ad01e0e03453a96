"""Files as people choose them: drawn here, none is anybody's picture."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from propman.common.uploads import NewFile, read_file

AUTHOR, PLACE = "Secret Author", (31.0, 14.0, 0.0)  # what the camera wrote into the file


def picture(width: int = 640, height: int = 480, *, mode: str = "RGB") -> Image.Image:
    """Upper half blue, lower half brown, a white dot in the left upper corner."""
    image = Image.new(mode, (width, height), "steelblue")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height // 2, width, height), fill="saddlebrown")
    draw.ellipse((0, 0, width // 8, height // 8), fill="white")
    return image


def camera_exif(orientation: int = 1) -> Image.Exif:
    """Author, time and place as a telephone writes them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = AUTHOR
    exif[0x010E] = f"Home of {AUTHOR}"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", PLACE, "E", (121.0, 28.0, 0.0)
    return exif


def jpeg_bytes(image: Image.Image | None = None, **options: Any) -> bytes:
    return encoded(image or picture(), "JPEG", **options)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def pdf_bytes(text: str = "A letter", *, author: str = "") -> bytes:
    """The smallest PDF that opens, with its table in place."""
    stream = f"BT /F1 18 Tf 40 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        f"<< /Author ({author}) >>".encode(),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)


def upload(content: bytes, name: str = "photo.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


def new_photo(name: str = "photo.jpg") -> NewFile:
    return read_file(upload(jpeg_bytes(), name))


def new_document(name: str = "letter.pdf", **said: Any) -> NewFile:
    return read_file(upload(pdf_bytes(**said), name))
