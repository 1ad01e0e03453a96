"""Fee agreements: propose with a preview of what they cost, read, sign."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms import AgreementForm, agreement_initial
from billing.formula import Band, Formula, Terms, percent
from billing.models import AgreementItem, AgreementSignature, FeeAgreement
from billing.permissions import AGREEMENTS, BOOKS, agreement_for_reader, communities_served
from billing.quarters import Quarter
from billing.selectors.agreements import SAMPLE_AREA, committee_members, sample_fees
from billing.services.agreements import NotOnCommittee, TermsRefused, propose_agreement, sign_agreement
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role
from propman.community.models import Community
from propman.tenancy.idempotency import once
from propman.tenancy.middleware import company_of

from .residents import person, roles


@role_required(*AGREEMENTS)
@require_GET
def agreements(request: HttpRequest) -> HttpResponse:
    """The agreements of every community that one may read, newest first."""
    communities = Community.objects.order_by("name")
    if not roles(request).intersection(BOOKS):
        communities = communities.filter(pk__in=communities_served(person(request)))
    by_community: dict[int, list[FeeAgreement]] = {}
    for agreement in FeeAgreement.objects.filter(community__in=communities).order_by("-version"):
        by_community.setdefault(agreement.community_id, []).append(agreement)
    rows = [(community, by_community.get(community.pk, [])) for community in communities]
    may_propose = bool(roles(request).intersection(BOOKS))
    return render(request, "billing/agreements.html", {"rows": rows, "may_propose": may_propose})


@role_required(*BOOKS)
@require_http_methods(["GET", "POST"])
@once
def propose(request: HttpRequest, community: str) -> HttpResponse:
    """The editor: "preview" shows what the terms cost a sample flat, "propose" lays them before the committee."""
    place, company = get_object_or_404(Community, address=community), company_of(request)
    form = AgreementForm(request.POST or None, initial=first_terms(place, company))
    samples = None
    if request.method == "POST" and form.is_valid():
        try:
            samples = preview(form)
            if "propose" in request.POST:
                agreement = propose_agreement(
                    community=place, terms=form.new_agreement(), items=form.cleaned_data["items"],
                    by=person(request), at=timezone.now(),
                )  # fmt: skip
                messages.success(
                    request, _("Version %(version)s waits for the owners' committee.") % {"version": agreement.version}
                )
                return redirect("billing:agreement", agreement.pk)
        except TermsRefused as error:
            form.add_error(None, str(error))
        except ValueError:
            form.add_error(None, _("The floor lies between 0 and the cap; bands begin at 0 % and rise."))
    elif request.method == "GET" and form.initial.get("terms"):
        samples = sample_fees(form.initial["terms"], form.initial["price_cents"])
    shown = {"community": place, "form": form, "samples": words(samples), "area": SAMPLE_AREA, "currency": company.currency}
    return render(request, "billing/propose.html", shown, status=422 if form.errors else 200)


def first_terms(community: Community, company) -> dict[str, object]:  # type: ignore[no-untyped-def]
    today = company.today(timezone.now())
    following = Quarter.of(today).next()
    last = FeeAgreement.objects.filter(community=community).order_by("-version").first()
    if last is None:
        return {"starts_quarter": str(following)}
    items = list(AgreementItem.objects.filter(agreement=last).order_by("position"))
    return {**agreement_initial(last, items, next_quarter=following), "terms": last.terms, "price_cents": last.price}


def preview(form: AgreementForm):  # type: ignore[no-untyped-def]
    given = form.cleaned_data
    terms = Terms(
        formula=Formula(given["formula"]),
        floor_bp=given["floor_bp"],
        cap_bp=given["cap_bp"],
        dead_band_from_bp=given["dead_band_from_bp"],
        bands=tuple(Band(start, pays) for start, pays in given["bands"]),
    )
    return sample_fees(terms, given["price"])


def words(samples):  # type: ignore[no-untyped-def]
    return [(percent(rate), f"{share / 100:g}", fee) for rate, share, fee in samples or []]


@role_required(*AGREEMENTS)
@require_GET
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its terms, what they cost, who signed."""
    found = agreement_for_reader(person(request), roles(request), pk)
    members = committee_members(found.community_id, on=company_of(request).today(timezone.now()))
    signatures = {
        signature.member_id: signature
        for signature in AgreementSignature.objects.filter(agreement=found).select_related("member")
    }
    mine = next((member for member in members if member.person.user_id == person(request).pk), None)
    shown = {
        "agreement": found,
        "items": AgreementItem.objects.filter(agreement=found).order_by("position"),
        "members": [(member, signatures.get(member.pk)) for member in members],
        "signed": len(signatures),
        "samples": words(sample_fees(found.terms, found.price)),
        "area": SAMPLE_AREA,
        "may_sign": mine is not None and mine.pk not in signatures,
    }
    return render(request, "billing/agreement.html", shown)


@role_required(Role.COMMITTEE_MEMBER)
@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign as a member of the owners' committee."""
    found = agreement_for_reader(person(request), roles(request), pk)
    try:
        found = sign_agreement(agreement=found, by=person(request), at=timezone.now())
    except NotOnCommittee:
        messages.error(request, _("Only members of this community's owners' committee sign."))
    else:
        said = (
            _("The agreement counts now.") if found.signed_at else _("Signed. It counts when most of the committee has signed.")
        )
        messages.success(request, said)
    return redirect("billing:agreement", found.pk)
