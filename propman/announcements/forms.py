"""What people type: an announcement with its places, a reason."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.common.forms import Act, Picks
from propman.community.models import Building, Community, Entrance
from propman.tenancy.idempotency import OnceForm

from .models import Announcement
from .selectors import Places, chosen_places, places_of
from .services import NewAnnouncement
from .workflow import ICONS, LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, Kind, Lead

MOMENT = "%Y-%m-%dT%H:%M"
PART = {"c": "communities", "b": "buildings", "e": "entrances"}
MOST_PLACES = 5000


class MomentField(forms.DateTimeField):
    """A moment on the company's clock."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT), **kwargs)


class WriteForm(OnceForm):
    """An announcement; its places are the checkboxes `place`, drawn by the page."""

    kind = forms.ChoiceField(label=_("About"), choices=Kind.choices, widget=forms.RadioSelect)
    title = forms.CharField(
        label=_("In a few words"),
        max_length=LONGEST_TITLE,
        help_text=_("Such as “No water in building 3”: it is all that a text message has room for."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(
        label=_("What residents should know"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": LONGEST_TEXT}),
    )
    starts_at = MomentField(label=pgettext_lazy("of a time", "From"))
    ends_at = MomentField(
        label=pgettext_lazy("of a time", "Until"), required=False, help_text=_("Empty: until further notice.")
    )
    publish_at = MomentField(
        label=_("Tell residents at"), required=False, help_text=_("Empty: now. Before that you can still withdraw it.")
    )
    remind_hours = forms.ChoiceField(label=_("Remind everybody"), choices=Lead.choices, required=False)
    is_urgent = forms.BooleanField(
        label=_("Urgent: by text message too, and also in quiet hours"),
        required=False,
        help_text=_("For what cannot wait until morning, such as water that is cut off at once."),
    )
    correction = forms.CharField(
        label=_("What was wrong"), max_length=LONGEST_REASON, help_text=_("Residents read this above the new words.")
    )

    def __init__(self, *args: Any, among: QuerySet[Community], corrects: Announcement | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = among
        words: list[Any] = [Picks("kind", icons=ICONS), "title", "text"]
        if corrects is None:
            del self.fields["correction"]
            later: list[Any] = [Div("publish_at", "remind_hours", css_class="pm-even")]
        else:
            del self.fields["publish_at"]
            words.insert(0, "correction")
            later = ["remind_hours"]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "idempotency_key", *words, Div("starts_at", "ends_at", css_class="pm-even"), *later, "is_urgent"
        )

    def new(self) -> NewAnnouncement:
        given = self.cleaned_data
        return NewAnnouncement(
            kind=given["kind"],
            title=given["title"],
            text=given["text"],
            starts_at=given["starts_at"],
            ends_at=given["ends_at"],
            is_urgent=given["is_urgent"],
            remind_hours=int(given["remind_hours"] or Lead.NONE),
        )


class ReasonForm(OnceForm):
    """Why an announcement does not hold."""

    reason = forms.CharField(label=_("Why"), max_length=LONGEST_REASON, help_text=_("Everybody who was told reads this."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "idempotency_key",
            "reason",
            Act(_("Withdraw it"), icon="ban", says=_("It leaves the home pages at once and cannot be brought back.")),
        )


class ClearForm(OnceForm):
    """That it is over."""

    text = forms.CharField(
        label=_("What residents should know"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST_TEXT}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "idempotency_key",
            "text",
            Act(_("Give the all-clear"), icon="circle-check", says=_("The same households are told that it is over.")),
        )


@dataclass(frozen=True)
class Picked:
    """A place of the picker: its checkbox, and what can be chosen in its stead."""

    value: str
    name: str
    is_chosen: bool
    url: str = ""
    parts: tuple["Picked", ...] = ()
    is_open: bool = False


def places_typed(values: Iterable[str], *, among: QuerySet[Community]) -> Places:
    """The places that checkboxes named, such as c12, b34 and e56; what is not the writer's, or nonsense, is left out."""
    chosen: dict[str, set[int]] = {name: set() for name in PART.values()}
    for value in list(values)[:MOST_PLACES]:
        key = value[1:]
        if value[:1] in PART and key.isascii() and key.isdigit() and len(key) < 19:
            chosen[PART[value[0]]].add(int(key))
    return chosen_places(**chosen, among=among)


def values_of(places: Places) -> set[str]:
    """The checkboxes of places."""
    return {f"{sign}{pk}" for sign, name in PART.items() for pk in getattr(places, name)}


def parts_of(community: Community, chosen: Collection[str]) -> tuple[Picked, ...]:
    """The buildings of a community with their entrances; two queries."""
    doors: dict[int, list[Picked]] = {}
    for entrance in Entrance.objects.filter(building__community=community).order_by("name"):
        value = f"e{entrance.pk}"
        doors.setdefault(entrance.building_id, []).append(Picked(value, entrance.name, value in chosen))
    buildings = Building.objects.filter(community=community).order_by("name")
    return tuple(
        Picked(f"b{one.pk}", one.name, f"b{one.pk}" in chosen, parts=tuple(doors.get(one.pk, ()))) for one in buildings
    )


def communities_to_pick(among: QuerySet[Community], chosen: Collection[str], places: Places, *, opened: str) -> list[Picked]:
    """Every community that may be told; those of which parts were chosen, the one asked for and a single one are open."""
    communities = list(among.order_by("name"))
    parts = set(Building.objects.filter(pk__in=places.buildings).values_list("community", flat=True))
    parts |= set(Entrance.objects.filter(pk__in=places.entrances).values_list("building__community", flat=True))
    picked = []
    for one in communities:
        is_open = one.pk in parts or one.address == opened or len(communities) == 1
        value = f"c{one.pk}"
        inner = parts_of(one, chosen) if is_open else ()
        picked.append(Picked(value, one.name, value in chosen, url=one.address, parts=inner, is_open=is_open))
    return picked


def first_words(of: Announcement | None, given: dict[str, str]) -> dict[str, Any]:
    """What the form begins with: the words of an earlier announcement, or what a link named."""
    begins = timezone.localtime().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if of is None:
        return {
            "kind": given["kind"] if given.get("kind") in Kind.values else Kind.OTHER if given.get("kind") else "",
            "title": given.get("title", "")[:LONGEST_TITLE],
            "starts_at": begins,
        }
    names = ("kind", "title", "text", "starts_at", "ends_at", "is_urgent")
    return {name: getattr(of, name) for name in names}


def first_places(of: Announcement | None, given: dict[str, str], *, among: QuerySet[Community]) -> Places:
    """The places that the form begins with; a writer with one community begins with it."""
    if of is not None:
        return places_of(of)
    if given.get("place"):
        return places_typed([given["place"]], among=among)
    only = list(among.values_list("pk", flat=True)[:2])
    return Places(communities=frozenset(only)) if len(only) == 1 else Places()
