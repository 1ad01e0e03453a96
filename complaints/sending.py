"""The bytes of a photo or document that somebody may open: every one of them comes this way, wherever the storage keeps it."""

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from .models import Attachment, Complaint


def sent(complaint: Complaint, attachment: Attachment, *, is_small: bool = False) -> HttpResponse:
    """The bytes, as a download that no browser runs: as an image of a page they are drawn all the same.

    Always whole: a range of it would only be one more way in. Raises Http404 when the file is gone.
    """
    if is_small and not attachment.is_photo:
        raise Http404
    try:
        with default_storage.open(attachment.preview if is_small else attachment.file) as file:
            content = file.read()
    except FileNotFoundError:
        raise Http404 from None
    media_type = "image/jpeg" if is_small else attachment.media_type
    name = f"{complaint.number}-{attachment.event.position}-{attachment.position}.{media_type.partition('/')[2]}"
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
