"""The ways in for residents: the code on paper, the office's check, and the owner who invites his household."""

from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.permissions import has_role, role_required
from propman.accounts.roles import RESIDENTS, Role
from propman.tenancy.middleware import company_of

from ..forms.access import ClaimForm, CodeForm, DecideForm, HouseholdInviteForm
from ..models import Community, Occupancy, Room, RoomClaim
from ..selectors import employee_of, occupancies_of
from ..services import access, residents
from .people import tried, user_of

OFFICE = (Role.COMPANY_ADMINISTRATOR, Role.DEPARTMENT_HEAD)
LETTERS = 500  # as many as one print holds


@login_not_required
def join(request: HttpRequest) -> HttpResponse:
    """A resident without an account: types the code of his letter, or asks the office to check."""
    code = CodeForm(request.POST if "code" in request.POST else None, auto_id="code_%s")
    claim = ClaimForm(request.POST if "room" in request.POST else None)
    if request.method == "POST" and not ratelimit.consume(request, action="join"):
        return render(request, "429.html", status=429)
    at = timezone.now()
    if code.is_bound and code.is_valid():
        data = code.cleaned_data
        if tried(code, lambda: access.use_code(code=data["code"], email=data["email"], at=at)):
            return render(request, "community/joined.html", {"email": data["email"]})
    if claim.is_bound and claim.is_valid():
        asked = {**claim.cleaned_data, "kind": Occupancy.Kind(claim.cleaned_data["kind"])}
        if tried(claim, lambda: access.claim_room(**asked, at=at)):
            return render(request, "community/joined.html", {"email": asked["email"], "is_claim": True})
    status = 422 if code.errors or claim.errors else 200
    return render(request, "community/join.html", {"code_form": code, "claim_form": claim}, status=status)


@role_required(*RESIDENTS)
def my_household(request: HttpRequest) -> HttpResponse:
    """Who lives with me; an owner invites family and tenants, and ends what he began."""
    today = company_of(request).today(timezone.now())
    mine = list(occupancies_of(user_of(request), on=today).order_by("pk"))
    owned = [one.household for one in mine if one.kind == Occupancy.Kind.OWNER]
    chosen = next((one for one in owned if str(one.pk) == request.POST.get("household")), None)
    forms = {one.pk: HouseholdInviteForm(request.POST if one == chosen else None, auto_id=f"home{one.pk}_%s") for one in owned}
    if request.method == "POST":
        if chosen is None:
            raise Http404
        if not ratelimit.consume(request, action="invite", user=user_of(request)):
            return render(request, "429.html", status=429)
        form = forms[chosen.pk]
        data = {**form.cleaned_data, "kind": Occupancy.Kind(form.cleaned_data["kind"])} if form.is_valid() else {}
        if data and tried(
            form,
            lambda: access.invite_to_household(household=chosen, **data, by=user_of(request), at=timezone.now()),
        ):
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": data["email"]})
            return redirect("community:my_household")
    homes = {one.household_id: one.household for one in mine}
    living: dict[int, list[Occupancy]] = {pk: [] for pk in homes}
    current = Occupancy.objects.filter(household__in=homes, ends_on=None).select_related("person").order_by("pk")
    for occupancy in current:
        living[occupancy.household_id].append(occupancy)
    homes_shown = [{"household": home, "living": living[pk], "form": forms.get(pk)} for pk, home in homes.items()]
    status = 422 if chosen else 200
    return render(request, "community/my_household.html", {"homes": homes_shown}, status=status)


@role_required(Role.OWNER)
@require_POST
def end_occupancy(request: HttpRequest, pk: int) -> HttpResponse:
    """An owner ends the stay of a tenant or family member of his household: access ends at once."""
    today = company_of(request).today(timezone.now())
    owned = [one.household_id for one in occupancies_of(user_of(request), on=today) if one.kind == Occupancy.Kind.OWNER]
    occupancy = get_object_or_404(
        Occupancy.objects.select_related("person").filter(household__in=owned, ends_on=None).exclude(kind=Occupancy.Kind.OWNER),
        pk=pk,
    )
    residents.move_out(occupancy=occupancy, on=today, by=user_of(request), at=timezone.now())
    messages.success(request, _("%(name)s has no access to this home any more.") % {"name": occupancy.person.name})
    return redirect("community:my_household")


def offices_communities(request: HttpRequest) -> list[Community]:
    """The communities whose residents one may let in: all for an administrator, one's own office's for a head."""
    communities = Community.objects.order_by("name")
    if not has_role(request, Role.COMPANY_ADMINISTRATOR):
        employee = employee_of(user_of(request))
        communities = communities.filter(departments__head=employee, departments__closed_on=None).distinct()
    return list(communities)


@role_required(*OFFICE)
def claims(request: HttpRequest, *, forms_shown: dict[int, Any] | None = None) -> HttpResponse:
    """Rooms that people say they live in, oldest first, and letters with codes to print."""
    communities = offices_communities(request)
    waiting = RoomClaim.objects.filter(decided_at=None, community__in=communities).select_related("community").order_by("pk")
    rows = [
        {
            "claim": claim,
            "form": (forms_shown or {}).get(claim.pk)
            or DecideForm(community=claim.community, initial={"room": claim.room}, prefix=str(claim.pk)),
        }
        for claim in waiting[:100]
    ]
    context = {"rows": rows, "communities": communities}
    return render(request, "community/settings/claims.html", context, status=422 if forms_shown else 200)


@role_required(*OFFICE)
@require_POST
def decide_claim(request: HttpRequest, pk: int) -> HttpResponse:
    claim = get_object_or_404(
        RoomClaim.objects.select_related("community").filter(community__in=offices_communities(request)), pk=pk
    )
    if claim.decided_at:
        messages.error(request, _("This was answered already."))
        return redirect("community:claims")
    form = DecideForm(request.POST, community=claim.community, prefix=str(pk))
    if form.is_valid():
        room: Room | None = form.cleaned_data["room"]
        accept, by, at = request.POST.get("decision") == "accept", user_of(request), timezone.now()
        if accept and room is None:
            form.add_error("room", _("Say which room it is."))
        elif accept and room is not None:
            if tried(form, lambda: access.accept_claim(claim=claim, room=room, by=by, at=at)):
                messages.success(request, _("%(name)s was invited by e-mail.") % {"name": claim.name})
                return redirect("community:claims")
        elif tried(form, lambda: access.refuse_claim(claim=claim, reason=form.cleaned_data["reason"], by=by, at=at)):
            messages.success(request, _("Refused; %(name)s is told why.") % {"name": claim.name})
            return redirect("community:claims")
    return claims(request, forms_shown={pk: form})


@role_required(*OFFICE)
@require_POST
def print_letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Letters with codes for the residents of a community who have no account yet: a page to print."""
    community = next((one for one in offices_communities(request) if one.pk == pk), None)
    if community is None:
        raise Http404
    without = (
        Occupancy.objects.filter(household__community=community, ends_on=None, person__user=None)
        .select_related("person", "household__room")
        .order_by("household__room__label", "pk")[:LETTERS]
    )
    letters = access.print_codes(occupancies=list(without), by=user_of(request), at=timezone.now())
    context = {"community": community, "letters": letters, "address": request.build_absolute_uri("../../../join/")}
    return render(request, "community/settings/letters.html", context)
