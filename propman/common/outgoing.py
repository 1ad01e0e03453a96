"""The one way out: HTTP calls to addresses that people typed in, never into our own network.

The name is resolved once, every address that it has is judged, and the connection goes to the address that was judged: a name
that changes its mind in between leads nowhere else. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

TIMEOUT = 10
MOST = 2000  # bytes read of an answer
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The address may not be called, and never will be."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


def ensure_callable(url: str) -> None:
    """Raises AddressRefused unless the address is https, without a password, and lies outside our own network."""
    host, port, _target = _parts(url)
    _public_address(host, port)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST the body. Raises AddressRefused, or OSError or http.client.HTTPException when the other side does not answer."""
    host, port, target = _parts(url)
    address = _public_address(host, port)
    connection = _Pinned(host, port, address, is_secure=urlsplit(url).scheme == "https")
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(MOST).decode(errors="replace"))
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was judged, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self.address, self.is_secure = address, is_secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), TIMEOUT)
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _parts(url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused(_("This is no address of a web page.")) from None
    schemes = {"https", "http"} if settings.OUTGOING_PRIVATE else {"https"}
    if parts.scheme not in schemes or not host or parts.username or any(ord(sign) < 33 for sign in url):
        raise AddressRefused(_("Give an address that begins with https:// and holds no password."))
    target = parts.path or "/"
    return host, port or (443 if parts.scheme == "https" else 80), f"{target}?{parts.query}" if parts.query else target


def _public_address(host: str, port: int) -> str:
    """The address to connect to. Raises AddressRefused when any address of the name is ours, OSError when there is none."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not settings.OUTGOING_PRIVATE and not all(_is_public(address) for address in found):
        raise AddressRefused(_("This address lies inside our own network."))
    return found[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return _is_public(str(address.ipv4_mapped))
        if address.sixtofour or address.teredo or address in NAT64:  # an inner address that we cannot judge
            return False
    return address.is_global and not address.is_multicast
