"""Text messages: one gateway class, tried again with growing waits, whatever fails or is killed; a storm is one message."""

import signal
from datetime import timedelta

import pytest
from django.urls import reverse

from propman.notify import delivery
from propman.notify.delivery import ATTEMPTS, LEASE, sweep_outbox
from propman.notify.models import Message, Notice
from propman.notify.services import NewNotice, queue_notices, send_again
from propman.tenancy.scope import company_scope

from .conftest import NOON
from .test_kill import in_child

pytestmark = pytest.mark.django_db
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
GATEWAYS = "tests.notify.gateways"


@pytest.fixture
def gateway(settings, texts):
    """Chooses what the gateway does; `texts` tells what it was given."""

    def chosen(name: str) -> None:
        settings.SMS_GATEWAY = f"{GATEWAYS}.{name}"

    return chosen


def sms() -> Message:
    return Message.objects.get(channel="sms")


def test_gateway_that_times_out_is_tried_again_after_one_two_and_four_minutes(queue, gateway, texts):
    gateway("TimesOutThrice")
    queue(phone="13800000001")
    at, waits = NOON + MINUTE, []
    for _attempt in range(3):
        sweep_outbox(at)
        message = sms()
        assert message.error.startswith("TimeoutError")
        waits.append((message.due_at - at).total_seconds() / 60)
        sweep_outbox(message.due_at - SECOND)  # not before its time
        at = message.due_at
    assert waits == [1, 2, 4]
    assert len(texts()) == 3
    sweep_outbox(at)
    message = sms()
    assert (message.sent_at, message.attempts, message.error) == (at, 4, "")
    assert len({text["reference"] for text in texts()}) == 1
    sweep_outbox(at + timedelta(days=1))
    assert len(texts()) == 4


@pytest.mark.django_db(transaction=True)
def test_attempts_go_on_where_they_were_after_each_restart(company, gateway, texts):
    gateway("TimesOutThrice")
    with company_scope(company.pk):
        queue_notices([NewNotice("sample.happened", None, phone="13800000001")], at=NOON)
    for minutes in (1, 2, 4, 8):  # each attempt by a worker that was started for it
        assert in_child(lambda at=NOON + minutes * MINUTE: sweep_outbox(at)) == 0
    with company_scope(company.pk):
        assert (sms().attempts, sms().sent_at) == (4, NOON + 8 * MINUTE)
    assert len(texts()) == 4


@pytest.mark.django_db(transaction=True)
def test_worker_killed_in_the_gateways_answer_sends_again_under_the_same_reference(company, gateway, texts):
    gateway("TakesTheWorkerAlong")
    with company_scope(company.pk):
        queue_notices([NewNotice("sample.happened", None, phone="13800000001")], at=NOON)
    at = NOON + MINUTE
    assert in_child(lambda: sweep_outbox(at)) == -signal.SIGKILL
    sweep_outbox(at + LEASE - SECOND)
    assert len(texts()) == 1
    sweep_outbox(at + LEASE)
    first, second = texts()
    assert first["reference"] == second["reference"]
    with company_scope(company.pk):
        assert sms().sent_at == at + LEASE


def test_gateway_that_is_down_ends_in_the_log_and_a_corrected_number_is_a_new_message(
    queue, gateway, texts, owner, administrator, client_of, company
):
    gateway("Down")
    queue(phone="13800000001")
    at = NOON + MINUTE
    while (message := Message.objects.filter(channel="sms").first()) is None or message.dead_at is None:
        sweep_outbox(at)
        at = Message.objects.get(channel="sms").due_at or at
    assert (message.attempts, message.error) == (ATTEMPTS, "ConnectionRefusedError: the gateway is down")
    assert Notice.objects.filter(event="notice.undeliverable", user=administrator).count() == 1
    page = client_of(administrator).get(
        f"/{company.address}{reverse('notify:deliveries', urlconf='propman.company_urls')}?state=dead"
    )
    html = page.content.decode()
    assert "13800000001" in html
    assert "the gateway is down" in html
    gateway("Gateway")
    send_again(message=message, address="13900000002", by=administrator, at=at)
    sweep_outbox(at)
    last = texts()[-1]
    assert last["phone"] == "13900000002"
    assert last["reference"] not in {text["reference"] for text in texts()[:-1]}


def test_number_that_is_refused_is_not_tried_again(queue, gateway, texts, administrator):
    gateway("Refuses")
    queue(phone="13800000001")
    sweep_outbox(NOON + MINUTE)
    sweep_outbox(NOON + timedelta(days=1))
    assert sms().dead_at == NOON + MINUTE
    assert len([text for text in texts() if text["phone"] == "13800000001"]) == 1


def storm(owner, *, count: int = 500) -> None:
    """So many urgent notices for one person within a minute, the outbox being swept every 15 seconds meanwhile."""
    owner.phone = "13800000001"
    owner.save(update_fields=["phone"])
    for number in range(count):
        at = NOON + timedelta(milliseconds=59_000 * number / count)
        queue_notices([NewNotice("sample.escalated", owner.pk, words={"number": str(number)})], at=at)
        if number % (count // 4) == 0:
            sweep_outbox(at)


def test_storm_of_500_within_a_minute_is_one_message(scope, owner, gateway, texts, mail):
    gateway("Gateway")
    storm(owner)
    assert texts() == []
    sweep_outbox(NOON + MINUTE)
    sweep_outbox(NOON + timedelta(hours=1))
    [text] = texts()
    assert "500" in text["text"]
    assert len(mail.accepted) == 1
    assert sms().lines.count() == 500


def test_storm_at_a_gateway_that_fails_stays_one_message(scope, owner, gateway, texts, mail):
    gateway("TimesOutThrice")
    storm(owner)
    for minutes in (1, 2, 4, 8, 16):
        sweep_outbox(NOON + minutes * MINUTE)
    assert len(texts()) == 4
    assert len({text["reference"] for text in texts()}) == 1
    assert sms().sent_at == NOON + 8 * MINUTE


def test_urgent_message_overtakes_what_waits(scope, owner, agent, gateway, texts, monkeypatch):
    gateway("Gateway")
    monkeypatch.setattr(delivery, "BATCH", 3)
    phones = [f"138{number:08}" for number in range(20)]
    queue_notices([NewNotice("sample.happened", None, phone=phone) for phone in phones], at=NOON)
    agent.phone = "13999999999"
    agent.save(update_fields=["phone"])
    queue_notices([NewNotice("sample.escalated", agent.pk)], at=NOON + SECOND)
    sweep_outbox(NOON + 2 * MINUTE)
    assert texts()[0]["phone"] == "13999999999"
    assert len(texts()) == 21


def test_slow_gateway_keeps_no_message_beyond_its_claim(scope, gateway, texts, monkeypatch):
    gateway("Slow")
    monkeypatch.setattr(delivery, "LEASE", timedelta(milliseconds=1))
    phones = {f"138{number:08}" for number in range(6)}
    queue_notices([NewNotice("sample.happened", None, phone=phone) for phone in phones], at=NOON)
    assert sweep_outbox(NOON + MINUTE) == 6 + (6 + 5 + 4 + 3 + 2 + 1)  # planned, then claimed again and again
    assert sorted(text["phone"] for text in texts()) == sorted(phones)
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def test_without_a_gateway_nothing_is_sent_by_sms(scope, owner, settings, mail):
    settings.SMS_GATEWAY = ""
    owner.phone = "13800000001"
    owner.save(update_fields=["phone"])
    queue_notices([NewNotice("sample.escalated", owner.pk)], at=NOON)
    sweep_outbox(NOON + MINUTE)
    assert [message.channel for message in Message.objects.all()] == ["email"]
