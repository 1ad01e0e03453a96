"""What people can be told: each app declares its notices when it starts."""

from dataclasses import dataclass


class UnknownNotice(LookupError):
    """A notice was queued that no app has declared."""


@dataclass(frozen=True)
class NoticeKind:
    """A thing that people are told, named like the event behind it, such as "complaint.accepted".

    `urgent` passes quiet hours and digests. `at_once` is not held for the minute in which a storm is collapsed into one
    message: for receipts and codes that somebody waits for. `secrets` names the words that open something, such as a code,
    or "path" when the link does: they are forgotten as soon as every message that holds them is sent. `template` names the
    words where another kind says the same.
    """

    event: str
    urgent: bool = False
    at_once: bool = False
    secrets: tuple[str, ...] = ()
    template: str = ""


KINDS: dict[str, NoticeKind] = {}
TEMPLATES: dict[str, str] = {}


def register_notices(app: str, *kinds: NoticeKind) -> None:
    """Called from an app's AppConfig.ready(); the words are in templates/emails/<app>/<event after the dot>.txt."""
    for kind in kinds:
        KINDS[kind.event] = kind
        TEMPLATES[kind.event] = f"emails/{app}/{kind.template or kind.event.partition('.')[2]}.txt"


def kind_of(event: str) -> NoticeKind:
    """Raises UnknownNotice."""
    try:
        return KINDS[event]
    except KeyError:
        raise UnknownNotice(f"{event} was not declared: call register_notices() in the app's ready().") from None
