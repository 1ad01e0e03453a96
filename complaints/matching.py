"""Which contact answers for which entry of a list: pure, so that the rule can be read and tried.

Every pair that may belong together is given with how far its times lie apart. The closest pair is taken first, and so on; one
contact answers for one entry. Where that leaves an entry without a contact although another arrangement would not, the pairs
are rearranged along a chain (Kuhn's augmenting paths), so that as many entries as can be have a contact.
"""

from collections import deque
from collections.abc import Iterable

Pair = tuple[int, int, float]  # entry, contact, seconds between them


def matched(pairs: Iterable[Pair]) -> dict[int, int]:
    """The contact of each entry that gets one: the most that is possible, beginning with the closest."""
    near: dict[int, list[int]] = {}
    contact_of: dict[int, int] = {}
    entry_of: dict[int, int] = {}
    for entry, contact, _seconds in sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1])):
        near.setdefault(entry, []).append(contact)
        if entry not in contact_of and contact not in entry_of:
            contact_of[entry], entry_of[contact] = contact, entry
    for entry in sorted(near.keys() - contact_of.keys()):
        _make_room(entry, near, contact_of, entry_of)
    return contact_of


def _make_room(first: int, near: dict[int, list[int]], contact_of: dict[int, int], entry_of: dict[int, int]) -> None:
    """Give the entry a contact if others can move on to theirs; nobody who has one is left without."""
    came_from: dict[int, int] = {}
    waiting = deque([first])
    while waiting:
        entry = waiting.popleft()
        for contact in near[entry]:
            if contact in came_from:
                continue
            came_from[contact] = entry
            if contact in entry_of:
                waiting.append(entry_of[contact])
                continue
            while True:  # back along the chain, each entry takes the contact that was made free
                entry = came_from[contact]
                before = contact_of.get(entry)
                contact_of[entry], entry_of[contact] = contact, entry
                if before is None:
                    return
                contact = before
