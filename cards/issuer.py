"""The issuer's keys, the serials made with them, and the box's signatures. Nothing here touches the database.

A serial is HMAC-SHA256(round key, household|subject|colour) in hexadecimal; the tables keep only the SHA-256 of its bytes.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from .workflow import Card

SERIAL_LENGTH = 64


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(settings.CARDS_ISSUER_KEY.encode()).digest()))


def new_key() -> bytes:
    """32 random bytes: a round key, or the seed of an Ed25519 key."""
    return secrets.token_bytes(32)


def encrypted(key: bytes) -> bytes:
    """The key as the database may keep it: only who has CARDS_ISSUER_KEY of the environment can open it."""
    return _cipher().encrypt(key)


def decrypted(token: bytes) -> bytes:
    """Raises cryptography.fernet.InvalidToken when the environment has another key."""
    return _cipher().decrypt(bytes(token))


def serial(key: bytes, household: int, card: Card) -> str:
    """The number of one card of one household."""
    return hmac.digest(key, f"{household}|{card.subject}|{card.colour}".encode(), "sha256").hex()


def serial_hash(serial: str) -> bytes:
    """What the tables know of a serial. Raises ValueError for what cannot be one."""
    serial = serial.strip().lower()
    if len(serial) != SERIAL_LENGTH:
        raise ValueError("A card number has 64 characters.")
    return hashlib.sha256(bytes.fromhex(serial)).digest()


def records_of(key: bytes, households: Iterable[int], cards: Iterable[Card]) -> Iterator[list[bytes]]:
    """The cards of one household after the other as records: the hash of the serial and one byte that names the card.

    The two inner states of HMAC are computed once and copied: half the time of hmac.digest, which counts at 6,000,000 cards.
    """
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0"))).copy
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0"))).copy
    sha256 = hashlib.sha256
    suffixes = [(f"|{card.subject}|{card.colour}".encode(), bytes([card])) for card in cards]
    for household in households:
        prefix, records = b"%d" % household, []
        for suffix, name in suffixes:
            first, second = inner(), outer()
            first.update(prefix + suffix)
            second.update(first.digest())
            records.append(sha256(second.digest()).digest() + name)
        yield records


@lru_cache(maxsize=512)
def _signer(token: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(decrypted(token))


def public_key(seed: bytes) -> str:
    """The Ed25519 public key of the seed, in hexadecimal."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(token: bytes, text: str) -> str:
    """The Ed25519 signature of the text, in hexadecimal, the same every time; `token` is the encrypted seed."""
    return _signer(bytes(token)).sign(text.encode()).hex()


def receipt_text(round_name: str, digest: bytes) -> str:
    """What the receipt of a cast card signs."""
    return f"propman-card-1\n{round_name}\n{digest.hex()}"
