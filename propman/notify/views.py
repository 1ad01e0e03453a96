from django.contrib import messages as banners
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role
from propman.common.outgoing import AddressRefused
from propman.common.text import legible
from propman.tenancy.middleware import company_of

from . import selectors, services
from .forms import HoursForm, PreferenceForm, SendAgainForm, WebhookForm
from .models import Notice, Preference, Webhook, WebhookCall
from .permissions import notice_for, undeliverable_message
from .planning import company_hours
from .webhooks import add_webhook, end_webhook

administrators = role_required(Role.COMPANY_ADMINISTRATOR)


class MemberRequest(HttpRequest):
    """A request that LoginRequiredMiddleware let pass."""

    user: User


def key_of(request: HttpRequest) -> int | None:
    """The key at which the page begins; nonsense begins at the first page."""
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def pager(request: HttpRequest, page: selectors.Page) -> dict[str, str]:
    """Addresses of the next and the first page, with the filters that hold."""
    query = request.GET.copy()
    query.pop("before", None)
    first = f"?{query.urlencode()}" if key_of(request) else ""
    query["before"] = str(page.next_before)
    return {"next_url": f"?{query.urlencode()}" if page.next_before else "", "first_url": first}


def notices(request: MemberRequest) -> HttpResponse:
    """What one was told, newest first."""
    company = company_of(request)
    page = selectors.page_of(Notice.objects.visible_to(request.user), before=key_of(request))
    rows = [{"notice": notice, "told": selectors.words_of(notice, company)} for notice in page.rows]
    return render(request, "notify/list.html", {"rows": rows, **pager(request, page)})


def open_notice(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark it read and lead to what it is about."""
    notice = notice_for(request.user, pk)
    services.mark_read(notices=Notice.objects.filter(pk=notice.pk), at=timezone.now())
    return redirect(f"{request.META['SCRIPT_NAME']}{notice.path}" if notice.path else "notify:list")


@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    services.mark_read(notices=Notice.objects.visible_to(request.user), at=timezone.now())
    return redirect("notify:list")


def preferences(request: MemberRequest) -> HttpResponse:
    """How one wants to be told."""
    chosen = Preference.objects.filter(user=request.user).first() or Preference()
    form = PreferenceForm(request.POST or None, instance=chosen, hours=company_hours(company_of(request)))
    if request.method == "POST" and form.is_valid():
        services.choose_preferences(
            user=request.user,
            email=form.cleaned_data["email"],
            sms=form.cleaned_data.get("sms", chosen.sms),
            quiet_from=form.cleaned_data["quiet_from"],
            quiet_until=form.cleaned_data["quiet_until"],
        )
        banners.success(request, _("Saved."))
        return redirect("notify:preferences")
    return render(request, "notify/preferences.html", {"form": form})


@administrators
def hours(request: MemberRequest) -> HttpResponse:
    """The company's quiet hours."""
    form = HoursForm(request.POST or None, instance=company_hours(company_of(request)))
    if request.method == "POST" and form.is_valid():
        services.set_hours(**form.cleaned_data, by=request.user, at=timezone.now())
        banners.success(request, _("Saved."))
        return redirect("notify:hours")
    return render(request, "notify/hours.html", {"form": form})


@administrators
def deliveries(request: MemberRequest) -> HttpResponse:
    """The log of deliveries, with what could not be delivered."""
    state, address = request.GET.get("state", ""), legible(request.GET.get("q", ""))
    page = selectors.page_of(selectors.messages_in(state, reader=request.user, address=address), before=key_of(request))
    shown = {
        "rows": page.rows,
        "state": state,
        "q": address,
        "states": [
            {"label": label, "url": f"?{urlencode({'state': name, 'q': address})}", "is_current": name == state}
            for name, label in (("", _("All")), ("waiting", _("Waiting")), ("sent", _("Sent")), ("dead", _("Undeliverable")))
        ],
        **pager(request, page),
    }
    return render(request, "notify/deliveries.html", shown)


@administrators
def send_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Another chance for an undeliverable message, at an address put right."""
    message = undeliverable_message(request.user, pk)
    known = message.address
    if message.user is not None:
        known = message.user.email if message.channel == message.Channel.EMAIL else message.user.phone
    form = SendAgainForm(request.POST or None, channel=message.channel, initial={"address": known})
    if request.method == "POST" and form.is_valid():
        services.send_again(message=message, address=form.cleaned_data["address"], by=request.user, at=timezone.now())
        banners.success(request, _("The message is on its way."))
        return redirect("notify:deliveries")
    return render(request, "notify/send_again.html", {"form": form, "message": message})


@administrators
def webhooks(request: MemberRequest) -> HttpResponse:
    """Other programs of the company that are told what happens; a new one's secret is shown once."""
    form, secret = WebhookForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _webhook, secret = add_webhook(**form.cleaned_data, by=request.user, at=timezone.now())
            form = WebhookForm()
        except (AddressRefused, OSError) as error:
            form.add_error("url", str(error) if isinstance(error, AddressRefused) else _("Nothing answers at this name."))
    calls = selectors.page_of(WebhookCall.objects.select_related("webhook", "event"), before=key_of(request))
    shown = {
        "form": form,
        "secret": secret,
        "webhooks": Webhook.objects.filter(ended_at=None).order_by("pk"),
        "calls": calls,
        **pager(request, calls),
    }
    return render(request, "notify/webhooks.html", shown)


@require_POST
@administrators
def drop_webhook(request: MemberRequest, pk: int) -> HttpResponse:
    """No more calls to it."""
    end_webhook(webhook=get_object_or_404(Webhook.objects.filter(ended_at=None), pk=pk), by=request.user, at=timezone.now())
    banners.success(request, _("It is called no more."))
    return redirect("notify:webhooks")
