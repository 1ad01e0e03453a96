"""SMS gateways that fail in the ways in which real ones do; what they do is kept in files, as workers come and go."""

import json
import os
import signal
import time
from pathlib import Path

from django.conf import settings

from propman.notify.sms import SmsRefused


class Gateway:
    """Notes each call in the folder, before anything goes wrong."""

    def send(self, *, phone: str, text: str, reference: str) -> None:
        folder: Path = settings.SMS_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir()))
        told = {"phone": phone, "text": text, "reference": reference}
        (folder / f"{number:04}.json").write_text(json.dumps(told, ensure_ascii=False))
        self.answer(number + 1)

    def answer(self, call: int) -> None:
        """Nothing: it was delivered."""


class TimesOutThrice(Gateway):
    def answer(self, call: int) -> None:
        if call <= 3:
            raise TimeoutError("no answer within 30 s")


class Down(Gateway):
    def answer(self, call: int) -> None:
        raise ConnectionRefusedError("the gateway is down")


class Refuses(Gateway):
    def answer(self, call: int) -> None:
        raise SmsRefused("This number is not in service.")


class TakesTheWorkerAlong(Gateway):
    """The worker is killed after the gateway took the message and before it has said so."""

    def answer(self, call: int) -> None:
        if call == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class Slow(Gateway):
    def answer(self, call: int) -> None:
        time.sleep(0.01)
