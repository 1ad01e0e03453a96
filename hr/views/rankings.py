"""Rankings for managers; every figure opens the facts behind it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from complaints.figures import OF_OFFICE, complaints_of_office
from complaints.permissions import openable
from complaints.permissions import viewer_of as complaint_viewer_of
from propman.accounts.permissions import role_required
from propman.common.exports import Format, file_response
from propman.community.models import Department
from propman.tenancy.middleware import company_of

from .. import rankings
from ..facts import span_of
from ..models import AppraisalQuarter, OfficeResult
from ..permissions import READERS
from ..rankings import Filters, Office, Person
from ..scoring import office_index
from ..templatetags.hr_figures import rounded
from .company import quarter_asked_for

FIRST, PAGE, ALL = 6, 25, 100_000
VIEWS = ("", "offices", "employees", "heads")


def filters_of(request: HttpRequest) -> Filters:
    """Raises Http404 for what no link of ours says."""
    get = request.GET
    try:
        rank, key = (int(part) for part in get.get("after", "0-0").split("-"))
        department = int(get["department"]) if get.get("department") else None
    except ValueError:
        raise Http404 from None
    if max(rank, key, department or 0) > 2**62:
        raise Http404
    return Filters(department, get.get("post") or None, get.get("q", "").strip() or None, rank, key)


def view_of(request: HttpRequest) -> str:
    if (view := request.GET.get("of", "")) not in VIEWS:
        raise Http404
    return view


@role_required(*READERS)
def ranking(request: HttpRequest) -> HttpResponse:
    """Offices, employees, heads: raw, adjustment and adjusted side by side, with the trend of six quarters."""
    quarters = rankings.locked_quarters()
    quarter = quarter_asked_for(request, quarters)
    view, filters = view_of(request), filters_of(request)
    context: dict[str, Any] = {"quarters": quarters, "quarter": quarter, "view": view, "filters": filters}
    if quarter is None:
        return render(request, "hr/rankings.html", context)
    most = PAGE if view else FIRST
    if view in {"", "offices"}:
        context["offices"] = rankings.offices(quarter, most=most, filters=filters)
    if view in {"", "employees", "heads"}:
        posts = rankings.post_sums(quarter)
        context["people"] = rankings.people(quarter, heads=view == "heads", most=most, filters=filters, posts=posts)
        context["posts"] = sorted(post for post in posts if post)
        if view:
            context["departments"] = department_options(chosen=filters.department)
    if people := context.get("people"):
        context["ranked"] = people[0].ranked
    context.update(_scale(context))
    lines: list[Any] = context.get("people" if view in {"employees", "heads"} else "offices", [])
    if view and len(lines) == PAGE:
        last = lines[-1]
        context["next_url"] = address(request, after=f"{last.rank or 2147483647}-{last.id}")
    if filters.id:
        context["first_url"] = address(request, after=None)
    context["export_url"] = f"export/{address(request, after=None)}"
    context["csv_url"] = f"export/{address(request, after=None, format='csv')}"
    return render(request, "hr/rankings.html", context)


def department_options(*, chosen: int | None) -> SafeString:
    """The departments of the filter; joined here, as a template takes long over some hundred of them."""
    rows = Department.objects.order_by("name", "pk").values_list("pk", "name")
    lines = ((str(pk), mark_safe(" selected") if pk == chosen else "", name) for pk, name in rows)
    return format_html_join("", '<option value="{}"{}>{}</option>', lines)


def _scale(context: dict[str, Any]) -> dict[str, Any]:
    """The ends of the small lines, from raw to adjusted and over six quarters."""
    found: dict[str, Any] = {}
    if people := context.get("people"):
        values = [value for person in people for value in (person.total, person.adjusted, person.company_mean)]
        found |= {"people_low": min(values), "people_high": max(values), "company_mean": people[0].company_mean}
        past = [value for person in people for value in person.trend.values]
        found |= {"people_past_low": min(past), "people_past_high": max(past)}
    if offices := [office for office in context.get("offices", []) if office.rank]:
        values = [value for office in offices for value in (office.raw, office.adjusted, office.company_mean)]
        found |= {"offices_low": min(values), "offices_high": max(values), "offices_mean": offices[0].company_mean}
        past = [value for office in offices for value in office.trend.values]
        found |= {"offices_past_low": min(past), "offices_past_high": max(past)}
    return found


def address(request: HttpRequest, **changes: str | None) -> str:
    """The same list with other filters."""
    query = {**request.GET.dict(), **changes}
    return f"?{urlencode({name: value for name, value in query.items() if value})}"


@role_required(*READERS)
def export(request: HttpRequest) -> Any:
    """The whole list as CSV or XLSX, with the same filters."""
    quarter = quarter_asked_for(request, rankings.locked_quarters())
    if quarter is None:
        raise Http404
    view, filters = view_of(request) or "employees", filters_of(request)
    kind: Format = "csv" if request.GET.get("format") == "csv" else "xlsx"
    name = f"{view}-{quarter.key}"
    if view == "offices":
        return file_response(kind, name, *offices_table(quarter, filters))
    return file_response(kind, name, *people_table(quarter, filters, heads=view == "heads"))


def people_table(quarter: AppraisalQuarter, filters: Filters, *, heads: bool) -> tuple[list[str], list[list[Any]]]:
    heading = [
        _("Order"), _("Name"), _("Department"), _("Post"), _("Contacts"), _("Verified complaints"), _("Verified per 100"),
        _("On time"), _("Raw"), _("Adjustment"), _("Adjusted"), _("Ranked in unit"), _("Unit mean"), _("Company mean"),
    ]  # fmt: skip

    def line(person: Person) -> list[Any]:
        return [
            person.rank, person.name, person.department, person.post, person.contacts, person.verified,
            None if person.rate is None else rounded(100 * person.rate, 2), person.on_time, person.total,
            rounded(person.adjustment, 3), rounded(person.adjusted, 3), person.unit_n, rounded(person.unit_mean, 3),
            rounded(person.company_mean, 3),
        ]  # fmt: skip

    return heading, [line(person) for person in rankings.people(quarter, heads=heads, most=ALL, filters=filters)]


def offices_table(quarter: AppraisalQuarter, filters: Filters) -> tuple[list[str], list[list[Any]]]:
    heading = [
        _("Order"), _("Office"), _("Contacts"), _("On time"), _("Verified by the asker"), _("Reopened"), _("Rated, of 5"),
        _("Raw"), _("Adjustment"), _("Adjusted"),
    ]  # fmt: skip

    def line(office: Office) -> list[Any]:
        return [
            office.rank, office.name, office.contacts, office.on_time, office.verified, office.reopened,
            None if office.rating is None else rounded(office.rating, 2), rounded(office.raw, 2),
            rounded(office.adjustment, 2), rounded(office.adjusted, 2),
        ]  # fmt: skip

    return heading, [line(office) for office in rankings.offices(quarter, most=ALL, filters=filters)]


@role_required(*READERS)
def office_facts(request: HttpRequest, key: int, figure: str) -> HttpResponse:
    """The complaints behind one figure of an office, as they stand now."""
    result = get_object_or_404(OfficeResult.objects.select_related("department", "quarter"), pk=key)
    if figure not in OF_OFFICE:
        raise Http404
    since, until = span_of(result.quarter.key, company_of(request).timezone)
    complaints = complaints_of_office(result.department_id, figure, since, until).select_related("community", "category")[:500]
    context = {
        "result": result,
        "figure": figure,
        "kept": getattr(result, figure),
        "complaints": complaints,
        "openable": openable(complaint_viewer_of(request), complaints),
        "figures": list(OF_OFFICE),
        "raw": office_index(contacts=result.contacts, on_time=result.on_time, verified=result.verified),
    }
    return render(request, "hr/office_facts.html", context)
