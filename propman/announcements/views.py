"""Announcements: what residents are told, and the desk of those who tell."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF
from propman.common.keyset import listed
from propman.common.text import legible
from propman.community.models import Community
from propman.tenancy.idempotency import once
from propman.tenancy.middleware import company_of

from . import pdf, selectors, services
from .filters import wanted_of
from .forms import (
    ClearForm,
    ReasonForm,
    WriteForm,
    communities_to_pick,
    first_places,
    first_words,
    parts_of,
    places_typed,
    values_of,
)
from .models import Announcement, Audience
from .permissions import (
    Viewer,
    allowed_verbs,
    announcement_kept,
    announcement_told,
    announcements_kept,
    communities_looked_after,
    communities_spoken_to,
    homes_of,
    speaker_of,
    speaks,
    told_to,
    viewer_of,
)
from .workflow import BadInput, Kind, Refused, State, Verb

staff = role_required(*STAFF)
MOST_DOORS = 600  # of several communities in one file


@require_GET
def announcements(request: HttpRequest) -> HttpResponse:
    """What one's households were told, newest first."""
    viewer, at = viewer_of(request), timezone.now()
    page = listed(request, told_to(homes_of(viewer.user, on=timezone.localdate())), by="-published_at")
    read = selectors.read_by(viewer.user, page.rows)
    rows = [{"announcement": one, "state": one.state_at(at), "is_read": one.pk in read} for one in page.rows]
    return render(request, "announcements/list.html", {"rows": rows, "next_url": page.next_url, "first_url": page.first_url})


@require_GET
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement, as residents read it; an employee is led to the desk's page of it."""
    viewer, at = viewer_of(request), timezone.now()
    try:
        found = announcement_told(viewer, pk, on=timezone.localdate())
    except Http404:
        if not announcements_kept(viewer).filter(pk=pk).exists():
            raise
        return redirect("announcements:kept", pk)
    shown = {
        "announcement": found,
        "state": found.state_at(at),
        "places": selectors.places_in_words([found]).get(found.pk, []),
        "read_at": selectors.read_by(viewer.user, [found]).get(found.pk),
        **_relatives(found),
    }
    return render(request, "announcements/announcement.html", shown)


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """It has been read: sent by the page when its end was on the screen, or by its button.

    A POST, because a GET is also what browsers send when they guess which page comes next.
    """
    viewer, at = viewer_of(request), timezone.now()
    found = announcement_told(viewer, pk, on=timezone.localdate())
    homes = homes_of(viewer.user, on=timezone.localdate())
    services.note_reading(announcement=found, user=viewer.user, homes=selectors.addressed(found, homes), at=at)
    if not getattr(request, "htmx", False):
        return redirect("announcements:detail", pk)
    first = selectors.read_by(viewer.user, [found]).get(found.pk)
    return render(request, "announcements/_read.html", {"announcement": found, "read_at": first})


@login_not_required
@require_GET
def current(request: HttpRequest, community: str) -> HttpResponse:
    """What a whole community is told at the moment; needs no sign-in."""
    place, at = get_object_or_404(Community, address=community), timezone.now()
    rows = selectors.told_to_all(place, at=at).select_related("department", "corrects", "clears")
    shown = [{"announcement": one, "state": one.state_at(at)} for one in rows[:50]]
    return render(request, "announcements/public.html", {"community": place, "rows": shown})


@staff
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """What was and will be told to the communities that the employee sees, with how many households have read it."""
    viewer, at = viewer_of(request), timezone.now()
    among = communities_looked_after(viewer)
    wanted = wanted_of(request.GET, among=among)
    page = listed(request, wanted.narrow(announcements_kept(viewer), at=at), by="-publish_at")
    counts, places = selectors.counts_of(page.rows, among=among), selectors.places_in_words(page.rows)
    shown = {
        "rows": [
            {"announcement": one, "state": one.state_at(at), "counts": counts[one.pk], "places": places.get(one.pk, [])}
            for one in page.rows
        ],
        "next_url": page.next_url,
        "first_url": page.first_url,
        "wanted": wanted,
        "communities": among.order_by("name"),
        "kinds": Kind.choices,
        "states": State.choices,
        "speaks": speaks(viewer),
    }
    return render(request, "announcements/desk.html", shown)


@staff
@require_GET
def kept(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement, as those see it who tell: who has read it, by building and entrance; what can be done with it."""
    viewer = viewer_of(request)
    return _kept_page(request, viewer, announcement_kept(viewer, pk))


def _kept_page(
    request: HttpRequest, viewer: Viewer, found: Announcement, *, form: Any = None, verb: Verb | None = None
) -> HttpResponse:
    at, among = timezone.now(), communities_looked_after(viewer)
    shown = {
        "announcement": found,
        "state": found.state_at(at),
        "places": selectors.places_in_words([found]).get(found.pk, []),
        "counts": selectors.counts_of([found], among=among)[found.pk],
        "by_place": selectors.readers_by_place(found, among=among) if found.published_at else [],
        "verbs": allowed_verbs(viewer, found, at=at),
        "form": form,
        "verb": verb,
        "speaks": speaks(viewer),
        "papers": among.filter(pk__in=Audience.objects.filter(announcement=found).values("community")).order_by("name"),
        **_relatives(found),
    }
    return render(request, "announcements/kept.html", shown, status=422 if form is not None and form.errors else 200)


def _relatives(found: Announcement) -> dict[str, Any]:
    """What took the announcement's place, what ended it, and what it said before."""
    later = Announcement.objects.told().filter(withdrawn_at=None)
    return {
        "corrected_by": later.filter(corrects=found).first() if found.replaced_at else None,
        "cleared_by": later.filter(clears=found).first() if found.cleared_at else None,
    }


@staff
@require_http_methods(["GET", "POST"])
@once
def write(request: HttpRequest) -> HttpResponse:
    """Write an announcement; `preview` shows who would get it, `publish` tells them, now or at its time."""
    viewer = viewer_of(request)
    key = request.GET.get("from", "")
    before = announcement_kept(viewer, int(key)) if key.isascii() and key.isdigit() and len(key) < 19 else None
    return _write_page(request, viewer, before=before)


@staff
@require_http_methods(["GET", "POST"])
@once
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was wrong and tell it anew."""
    viewer = viewer_of(request)
    return _write_page(request, viewer, corrects=_changeable(viewer, pk, Verb.CORRECT))


def _changeable(viewer: Viewer, pk: int, verb: Verb) -> Announcement:
    """Raises Http404 for what the employee cannot do that with, now or ever."""
    found = announcement_kept(viewer, pk)
    if verb not in allowed_verbs(viewer, found, at=timezone.now()):
        raise Http404
    return found


def _write_page(
    request: HttpRequest, viewer: Viewer, *, before: Announcement | None = None, corrects: Announcement | None = None
) -> HttpResponse:
    among, today = communities_spoken_to(viewer), company_of(request).today(timezone.now())
    if not among.exists():
        raise Http404
    earlier = corrects or before
    if request.method == "POST":
        form, error = WriteForm(request.POST, among=among, corrects=corrects), ""
        places = places_typed(request.POST.getlist("place"), among=among)
        if "preview" not in request.POST:
            try:
                if not places:
                    raise BadInput("places", _("Choose who is told."))
                if form.is_valid():
                    return _published(request, viewer, form, places, corrects=corrects)
            except BadInput as refused:
                error = _refused(form, refused)
            except Refused as refused:
                form.add_error(None, str(refused))
    else:
        given = {name: str(request.GET.get(name, "")) for name in ("kind", "title", "place")}
        form, error = WriteForm(initial=first_words(earlier, given), among=among, corrects=corrects), ""
        places = first_places(earlier, given, among=among)
    chosen = values_of(places)
    shown = {
        "form": form,
        "corrects": corrects,
        "picked": communities_to_pick(among, chosen, places, opened=request.GET.get("open", "")),
        "preview": selectors.preview_of(places, on=today) if places else None,
        "places_error": error,
    }
    is_refused = request.method == "POST" and "preview" not in request.POST
    return render(request, "announcements/write.html", shown, status=422 if is_refused else 200)


def _refused(form: Any, refused: BadInput) -> str:
    """The refusal stands beside its field; one about the places beside those."""
    if refused.field == "places":
        form.add_error(None, str(refused))
        return str(refused)
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))
    return ""


def _published(
    request: HttpRequest, viewer: Viewer, form: WriteForm, places: selectors.Places, *, corrects: Announcement | None
) -> HttpResponse:
    at, department = timezone.now(), speaker_of(viewer)
    if corrects is None:
        made = services.write_announcement(
            new=form.new(),
            to=places,
            department=department,
            by=viewer.user,
            at=at,
            publish_at=form.cleaned_data["publish_at"],
        )
    else:
        made = services.correct_announcement(
            announcement=corrects,
            new=form.new(),
            to=places,
            correction=form.cleaned_data["correction"],
            department=department,
            by=viewer.user,
            at=at,
        )
    told = _("Residents are being told.") if made.published_at else _("Residents are told at that time.")
    messages.success(request, told)
    return redirect("announcements:kept", made.pk)


@staff
@require_GET
def parts(request: HttpRequest, community: str) -> HttpResponse:
    """The buildings and entrances of a community, for the picker."""
    viewer = viewer_of(request)
    place = get_object_or_404(communities_spoken_to(viewer), address=community)
    return render(request, "announcements/_parts.html", {"parts": parts_of(place, ())})


@staff
@require_http_methods(["GET", "POST"])
@once
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """It does not hold: everybody who was told is told why."""

    def done(found: Announcement, form: ReasonForm, viewer: Viewer) -> Announcement:
        return services.withdraw_announcement(
            announcement=found, reason=form.cleaned_data["reason"], by=viewer.user, at=timezone.now()
        )

    return _act(request, pk, Verb.WITHDRAW, ReasonForm(request.POST or None), done)


@staff
@require_http_methods(["GET", "POST"])
@once
def clear(request: HttpRequest, pk: int) -> HttpResponse:
    """It is over: the same households are told."""

    def done(found: Announcement, form: ClearForm, viewer: Viewer) -> Announcement:
        return services.clear_announcement(
            announcement=found,
            text=form.cleaned_data["text"],
            department=speaker_of(viewer),
            by=viewer.user,
            at=timezone.now(),
        )

    form = ClearForm(request.POST or None, initial={"text": _("It is over; all works again. Thank you for your patience.")})
    return _act(request, pk, Verb.CLEAR, form, done)


def _act(request: HttpRequest, pk: int, verb: Verb, form: Any, do: Callable[..., Announcement]) -> HttpResponse:
    viewer = viewer_of(request)
    found = _changeable(viewer, pk, verb)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("announcements:kept", do(found, form, viewer).pk)
        except BadInput as refused:
            _refused(form, refused)
        except Refused as refused:
            form.add_error(None, str(refused))
    return _kept_page(request, viewer, found, form=form, verb=verb)


@staff
@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The announcement as a page for each door, of one community or all, for households that nothing else reaches."""
    viewer = viewer_of(request)
    found, among = announcement_kept(viewer, pk), communities_looked_after(viewer)
    if request.GET.get("community"):
        among = among.filter(address=legible(request.GET["community"]))
    doors = selectors.entrances_of(found, among=among)
    if not doors:
        raise Http404
    if len(doors) > MOST_DOORS and among.count() > 1:
        messages.warning(request, _("These are too many doors for one file: take one community after the other."))
        return redirect("announcements:kept", pk)
    response = HttpResponse(pdf.typeset(found, doors, company=company_of(request)), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="announcement-{found.pk}.pdf"'
    return response
