"""Text messages go through one gateway, named by the setting SMS_GATEWAY; without one the channel is not offered."""

import json
import re
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

PHONE = re.compile(r"\+?\d{5,15}")


class SmsRefused(Exception):
    """The gateway will never deliver this message: there is no use in trying again."""


class SmsGateway(Protocol):
    """What delivers text messages; any other error than SmsRefused is tried again later.

    An answer takes half a minute at most: whoever waits longer raises TimeoutError.
    """

    def send(self, *, phone: str, text: str, reference: str) -> None:
        """Deliver the text; one with a `reference` that the gateway knows was delivered before. Raises SmsRefused."""


class FileGateway:
    """For the demo and the tests: each message becomes a file in var/sms."""

    def send(self, *, phone: str, text: str, reference: str) -> None:
        number = re.sub(r"[\s().-]", "", phone)
        if not PHONE.fullmatch(number):
            raise SmsRefused("This is no phone number.")
        folder = settings.SMS_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{reference}.json").write_text(json.dumps({"phone": number, "text": text}, ensure_ascii=False))


def sms_gateway() -> SmsGateway | None:
    """The gateway that this installation uses."""
    if not settings.SMS_GATEWAY:
        return None
    gateway: SmsGateway = import_string(settings.SMS_GATEWAY)()
    return gateway
