"""The directory of the company: communities with their rooms, the people in them and the owners' committees."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF, Role
from propman.common.exports import CONTENT_TYPES, file_response
from propman.common.keyset import listed
from propman.tenancy.middleware import company_of

from .. import directory
from ..forms.directory import (
    AddEntranceForm,
    AddRoomForm,
    ChangePersonForm,
    ChangeRoomForm,
    DayForm,
    JoinCommitteeForm,
    MoveInForm,
    NameForm,
    OpenCommunityForm,
    PeopleFilter,
    RenameCommunityForm,
    RoomFilter,
)
from ..models import CommitteeMember, Community, Occupancy, Person
from ..permissions import KEEPS_ALL, communities_seen_by, community_for, keeps, room_for
from ..services import places, residents

PAGE = 50
staff_only = role_required(*STAFF)


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def acting(request: HttpRequest) -> dict[str, Any]:
    """Who acts, and when: what every service wants to know."""
    return {"by": user_of(request), "at": timezone.now()}


def sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def ask(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], Any],
    *,
    title: str,
    done: str,
    then: str,
    button: str = "",
    says: str = "",
) -> HttpResponse:
    """Show the form; once it is sent and the service has accepted it, say so and go on. What is refused stands in the form."""
    if form.is_bound and form.is_valid():
        try:
            act(form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, done)
            return redirect(then)
    shown = {"form": form, "title": title, "back": then, "button": button or _("Save"), "says": says}
    return render(request, "community/directory/form.html", shown, status=422 if form.is_bound else 200)


def of_community(request: HttpRequest, community: Community, tab: str, **context: Any) -> dict[str, Any]:
    """What each page of a community needs: its tabs, and whether it may be changed here."""
    names = {"rooms": _("Rooms"), "people": _("People"), "committee": _("Owners’ committee")}
    tabs = [
        {"label": label, "url": reverse(f"directory:{name}", args=[community.address]), "is_current": name == tab}
        for name, label in names.items()
    ]
    return {"community": community, "tabs": tabs, "may_change": keeps(request, community), **context}


@staff_only
def communities(request: HttpRequest) -> HttpResponse:
    """The communities that the person may look into; whoever has just one goes straight there."""
    roles: frozenset[str] = request.roles  # type: ignore[attr-defined]
    seen = list(directory.with_counts(communities_seen_by(user_of(request), roles)).order_by("name"))
    may_open = bool(roles & KEEPS_ALL)
    if len(seen) == 1 and not may_open:
        return redirect("directory:rooms", seen[0].address)
    return render(request, "community/directory/communities.html", {"communities": seen, "may_open": may_open})


@role_required(Role.COMPANY_ADMINISTRATOR)
def open_community(request: HttpRequest) -> HttpResponse:
    return ask(
        request,
        OpenCommunityForm(sent(request)),
        lambda told: places.open_community(**told, **acting(request)),
        title=_("Open a community"),
        done=_("The community is open; now bring in its rooms."),
        then=reverse("directory:communities"),
    )


@staff_only
def rooms(request: HttpRequest, address: str) -> HttpResponse:
    """The rooms of a community with their households; search and filters live in the URL."""
    community = community_for(request, address)
    form, wanted = _wanted_rooms(request, community)
    page = listed(request, directory.rooms_of(community, **wanted), by="label", size=PAGE)
    rows = directory.with_residents(directory.rooms_of(community).filter(pk__in=[room.pk for room in page.rows]))
    context = of_community(request, community, "rooms", form=form, page=page, is_filtered=any(wanted.values()))
    context |= {"rows": rows.order_by("label", "pk"), "query": request.GET.urlencode()}
    return render(request, "community/directory/rooms.html", context)


def _wanted_rooms(request: HttpRequest, community: Community) -> tuple[RoomFilter, dict[str, Any]]:
    form = RoomFilter(request.GET, community=community)
    form.is_valid()
    told = form.cleaned_data
    building = told.get("building")
    return form, {
        "text": told.get("q", ""),
        "building": building.pk if building else None,
        "lived_in": told.get("lived_in", ""),
    }


@staff_only
def export_rooms(request: HttpRequest, address: str, kind: str) -> HttpResponse:
    """The filtered list as CSV or XLSX, in the columns that the import reads."""
    community = community_for(request, address)
    if kind not in CONTENT_TYPES:
        raise Http404
    _form, wanted = _wanted_rooms(request, community)
    heading = ("building", "entrance", "room", "area", "owner", "phone", "email")
    rows = directory.exported_rooms(directory.rooms_of(community, **wanted))
    name = f"rooms-{community.address}"
    return cast(HttpResponse, file_response("csv" if kind == "csv" else "xlsx", name, heading, rows))


@staff_only
def change_community(request: HttpRequest, address: str) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    return ask(
        request,
        RenameCommunityForm(sent(request), initial={"name": community.name, "street": community.street}),
        lambda told: places.rename_community(community=community, **told, **acting(request)),
        title=community.name,
        done=_("Saved."),
        then=reverse("directory:rooms", args=[address]),
    )


@staff_only
def add_building(request: HttpRequest, address: str) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    return ask(
        request,
        NameForm(sent(request)),
        lambda told: places.add_building(community=community, **told, **acting(request)),
        title=_("Add a building"),
        done=_("The building is there; now add its entrances."),
        then=reverse("directory:rooms", args=[address]),
    )


@staff_only
def add_entrance(request: HttpRequest, address: str) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    return ask(
        request,
        AddEntranceForm(sent(request), community=community),
        lambda told: places.add_entrance(**told, **acting(request)),
        title=_("Add an entrance"),
        done=_("The entrance is there; now add its rooms."),
        then=reverse("directory:rooms", args=[address]),
    )


@staff_only
def add_room(request: HttpRequest, address: str) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    return ask(
        request,
        AddRoomForm(sent(request), community=community),
        lambda told: places.add_room(**told, **acting(request)),
        title=_("Add a room"),
        done=_("The room is there."),
        then=reverse("directory:rooms", args=[address]),
    )


@staff_only
def room(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    """A room: who lives there now, and every household before."""
    found = room_for(request, address, pk)
    households = directory.history_of(found)
    current = households[0] if households and households[0].ended_on is None else None
    context = of_community(request, found.community, "rooms", room=found, current=current)
    context |= {"former": households[1:] if current else households}
    return render(request, "community/directory/room.html", context)


@staff_only
def change_room(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    found = room_for(request, address, pk, to_change=True)
    return ask(
        request,
        ChangeRoomForm(sent(request), initial={"name": found.name, "area": found.area}),
        lambda told: places.change_room(room=found, **told, **acting(request)),
        title=found.label,
        done=_("Saved."),
        then=reverse("directory:room", args=[address, pk]),
    )


@staff_only
def move_in(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    """Somebody moves in: the same name with the same phone or e-mail is the person whom the company knows already."""
    found = room_for(request, address, pk, to_change=True)

    def act(told: dict[str, Any]) -> None:
        kind, on, act_as = told.pop("kind"), told.pop("on"), acting(request)
        person = directory.known_person(**told) or residents.add_person(**told, **act_as)
        residents.move_in(room=found, person=person, kind=kind, on=on, **act_as)

    return ask(
        request,
        MoveInForm(sent(request), initial={"on": company_of(request).today(timezone.now())}),
        act,
        title=_("Move in: %(room)s") % {"room": found.label},
        done=_("Noted. Whoever has an account gets access on that day."),
        then=reverse("directory:room", args=[address, pk]),
        button=_("Move in"),
    )


@staff_only
def move_out(request: HttpRequest, address: str, pk: int, occupancy: int) -> HttpResponse:
    found = room_for(request, address, pk, to_change=True)
    leaving = get_object_or_404(Occupancy.objects.select_related("person"), pk=occupancy, household__room=found, ends_on=None)
    return ask(
        request,
        DayForm(sent(request), initial={"on": company_of(request).today(timezone.now())}),
        lambda told: residents.move_out(occupancy=leaving, **told, **acting(request)),
        title=_("%(name)s moves out of %(room)s") % {"name": leaving.person.name, "room": found.label},
        done=_("Noted."),
        then=reverse("directory:room", args=[address, pk]),
        button=_("Move out"),
        says=_("Access to the portal ends on that day; with the last person the household ends."),
    )


@staff_only
def people(request: HttpRequest, address: str) -> HttpResponse:
    """Everybody of a community by name; search by name, phone or e-mail."""
    community = community_for(request, address)
    form = PeopleFilter(request.GET)
    form.is_valid()
    text, kind = form.cleaned_data.get("q", ""), form.cleaned_data.get("kind", "")
    page = listed(request, directory.people_of(community, text=text, kind=kind), by="name", size=PAGE)
    found = Person.objects.filter(pk__in=[person.pk for person in page.rows]).order_by("name", "pk")
    context = of_community(request, community, "people", form=form, page=page, is_filtered=bool(text or kind))
    context |= {"rows": directory.with_homes(found, community)}
    return render(request, "community/directory/people.html", context)


@staff_only
def change_person(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    person = get_object_or_404(directory.people_of(community), pk=pk)
    return ask(
        request,
        ChangePersonForm(sent(request), initial={"name": person.name, "phone": person.phone, "email": person.email}),
        lambda told: residents.change_person(person=person, **told, **acting(request)),
        title=person.name,
        done=_("Saved."),
        then=reverse("directory:people", args=[address]),
    )


@staff_only
def committee(request: HttpRequest, address: str) -> HttpResponse:
    """The owners' committee in office."""
    community = community_for(request, address)
    context = of_community(request, community, "committee", committee=directory.committee_of(community))
    return render(request, "community/directory/committee.html", context)


@staff_only
def join_committee(request: HttpRequest, address: str) -> HttpResponse:
    """Put an owner on the committee; the first one begins its term."""
    community = community_for(request, address, to_change=True)
    running = directory.committee_of(community)

    def act(told: dict[str, Any]) -> None:
        if running is None:
            members = [(told["person"], told["office"])]
            residents.elect_committee(community=community, members=members, on=told["on"], **acting(request))
        else:
            residents.join_committee(committee=running, **told, **acting(request))

    initial = {"on": company_of(request).today(timezone.now())}
    return ask(
        request,
        JoinCommitteeForm(sent(request), owners=directory.owners_of(community), initial=initial),
        act,
        title=_("A new member of the owners’ committee"),
        done=_("Noted."),
        then=reverse("directory:committee", args=[address]),
    )


@staff_only
def leave_committee(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    community = community_for(request, address, to_change=True)
    member = get_object_or_404(
        CommitteeMember.objects.select_related("person"), pk=pk, committee__community=community, ends_on=None
    )
    return ask(
        request,
        DayForm(sent(request), initial={"on": company_of(request).today(timezone.now())}),
        lambda told: residents.leave_committee(member=member, **told, **acting(request)),
        title=_("%(name)s leaves the owners’ committee") % {"name": member.person.name},
        done=_("Noted."),
        then=reverse("directory:committee", args=[address]),
    )


@staff_only
@require_POST
def end_committee(request: HttpRequest, address: str) -> HttpResponseRedirect:
    community = community_for(request, address, to_change=True)
    running = directory.committee_of(community)
    if running is None:
        raise Http404
    residents.end_committee_term(committee=running, on=company_of(request).today(timezone.now()), **acting(request))
    messages.success(request, _("The term has ended."))
    return redirect("directory:committee", address)
