import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction

from propman.common import outgoing
from propman.notify.delivery import ATTEMPTS
from propman.notify.models import Webhook, WebhookCall
from propman.notify.webhooks import add_webhook, end_webhook, sweep_webhooks
from propman.tenancy.events import record_event
from propman.tenancy.scope import company_scope

from .conftest import NOON

pytestmark = pytest.mark.django_db
PAGE = "/lanting/notices/webhooks/"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver(settings):
    settings.OUTGOING_PRIVATE = True
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.calls, server.status = [], 200
        server.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def webhook(scope, administrator, receiver):
    return add_webhook(url=receiver.url, events=["complaint"], by=administrator, at=NOON)


def happen(company, administrator, name="complaint.accepted", **facts):
    record_event(name, company, by=administrator, at=NOON, facts=facts, texts={"words": "a secret of somebody"})


def test_call_is_signed_and_holds_facts_only(webhook, company, administrator, receiver):
    _row, secret = webhook
    happen(company, administrator, number="2026-000001")
    assert sweep_webhooks(NOON) == 1
    [(headers, body)] = receiver.calls
    told = json.loads(body)
    assert (told["event"], told["company"], told["facts"]) == ("complaint.accepted", "lanting", {"number": "2026-000001"})
    assert b"secret of somebody" not in body
    moment, _comma, sign = headers["Propman-Signature"].removeprefix("t=").partition(",v1=")
    assert sign == hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert sweep_webhooks(NOON + timedelta(days=1)) == 0


def test_other_events_and_companies_are_not_told(webhook, company, rival_company, administrator, receiver):
    happen(company, administrator, "bill.issued")
    with company_scope(rival_company.pk):
        happen(rival_company, administrator)
    assert sweep_webhooks(NOON) == 0


def test_rolled_back_event_is_not_told(webhook, company, administrator, receiver):
    with transaction.atomic():
        happen(company, administrator)
        transaction.set_rollback(True)
    assert sweep_webhooks(NOON) == 0


def test_refused_call_is_tried_again_under_the_same_name(webhook, company, administrator, receiver):
    receiver.status = 503
    happen(company, administrator)
    sweep_webhooks(NOON)
    assert (WebhookCall.objects.get().due_at, WebhookCall.objects.get().attempts) == (NOON + timedelta(minutes=1), 1)
    receiver.status = 204
    sweep_webhooks(NOON + timedelta(minutes=1))
    assert WebhookCall.objects.get().done_at == NOON + timedelta(minutes=1)
    assert len({headers["Propman-Delivery"] for headers, _body in receiver.calls}) == 1


def test_receiver_that_never_answers_is_given_up(webhook, company, administrator, receiver):
    receiver.status = 500
    happen(company, administrator)
    at = NOON
    for _attempt in range(ATTEMPTS):
        sweep_webhooks(at)
        at = WebhookCall.objects.get().due_at or at
    assert WebhookCall.objects.get().dead_at is not None
    assert len(receiver.calls) == ATTEMPTS


def test_redirect_is_not_followed(webhook, company, administrator, receiver):
    receiver.status = 302
    happen(company, administrator)
    sweep_webhooks(NOON)
    assert "302" in WebhookCall.objects.get().error


def test_ended_webhook_is_called_no_more(webhook, company, administrator, receiver):
    happen(company, administrator)
    end_webhook(webhook=webhook[0], by=administrator, at=NOON)
    happen(company, administrator)
    assert sweep_webhooks(NOON) == 0
    assert receiver.calls == []


def test_secret_is_not_stored_in_plain(webhook):
    row, secret = webhook
    assert secret not in Webhook.objects.get(pk=row.pk).secret


PRIVATE = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://10.1.2.3/",
    "https://192.168.0.1:8443/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:0a00:0001::]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://224.0.0.1/",
]
UNFIT = [
    "http://example.com/",
    "ftp://example.com/",
    "https://user:pass@example.com/",
    "https://",
    "file:///etc/passwd",
    "https://a b/",
    "x",
]


@pytest.mark.parametrize("url", PRIVATE + UNFIT)
def test_own_network_is_never_called(url):
    with pytest.raises(outgoing.AddressRefused):
        outgoing.ensure_callable(url)
    with pytest.raises(outgoing.AddressRefused):
        outgoing.post(url, b"", {})


def test_public_address_may_be_called():
    outgoing.ensure_callable("https://93.184.216.34/hook")


def test_webhook_that_moved_into_our_network_is_given_up(webhook, company, administrator, receiver, settings):
    settings.OUTGOING_PRIVATE = False
    happen(company, administrator)
    sweep_webhooks(NOON)
    assert "AddressRefused" in WebhookCall.objects.get().error
    assert WebhookCall.objects.get().dead_at == NOON
    assert receiver.calls == []


def test_administrator_adds_and_drops_a_webhook(company, administrator, client_of, receiver):
    client = client_of(administrator)
    html = client.post(PAGE, {"url": receiver.url, "events": "complaint, bill"}).content.decode()
    assert "shown this once" in html
    with company_scope(company.pk):
        row = Webhook.objects.get()
    assert row.events == ["bill", "complaint"]
    assert "shown this once" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{row.pk}/drop/").status_code == 302
    assert client.post(f"{PAGE}{row.pk}/drop/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": ""}, "required"),
        ({"url": "javascript:alert(1)"}, "valid URL"),
        ({"url": "https://10.0.0.1/"}, "own network"),
        ({"url": "http://93.184.216.34/"}, "https://"),
        ({"url": "https://93.184.216.34/" + "x" * 1000}, "500"),
        ({"events": "complaint; DROP"}, "not the first word"),
        ({"events": "\u202ecomplaint"}, "not the first word"),
    ],
)
def test_wrong_webhook_is_said_and_kept(company, administrator, client_of, wrong, says):
    form = {"url": "https://93.184.216.34/", "events": "complaint", **wrong}
    response = client_of(administrator).post(PAGE, form)
    assert says in response.content.decode()
    with company_scope(company.pk):
        assert not Webhook.objects.exists()


@pytest.mark.parametrize("person", ["owner", "agent", "head", "manager"])
def test_others_do_not_see_webhooks(request, company, person, client_of):
    client = client_of(request.getfixturevalue(person))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"url": "https://93.184.216.34/"}).status_code == 403
