"""Workers are killed by the signal that nothing can catch, at each statement and around the sending itself."""

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import Celery
from celery import current_app as celery
from django.core.cache import cache
from django.db import connection, transaction

from propman.notify import services
from propman.notify.delivery import LEASE, sweep_outbox
from propman.notify.models import Message, Notice
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.scope import company_scope
from tests.factories.people import make_member

from .conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)
AT = NOON + timedelta(minutes=1)


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; the signal that ended it, or 0."""
    connection.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the thread of the mail server stays with the parent
        pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    await_end_of_sessions()
    return status


def await_end_of_sessions() -> None:
    """The server rolls back what a killed client had begun, and lets its locks go, only when it notices."""
    for _turn in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.01)
    raise AssertionError("a killed worker's session does not end")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sweep_until_statement(number: int, at) -> bool:
    """Sweep in a child that dies before its statement of that number; False when it lived to the end."""
    count = 0

    def counted(execute, sql, params, many, context):
        nonlocal count
        count += 1
        if count == number:
            die()
        return execute(sql, params, many, context)

    def work():
        with connection.execute_wrapper(counted):
            sweep_outbox(at)

    return in_child(work) == -signal.SIGKILL


def queue_for(company, addresses) -> None:
    with company_scope(company.pk):
        queue_notices([NewNotice("sample.happened", None, email=address, path="/x/") for address in addresses], at=NOON)


def test_worker_killed_at_each_statement_loses_nothing(company, mail):
    addresses = [f"p{n}@example.com" for n in range(3)]
    queue_for(company, addresses)
    at, kills = AT, 0
    while sweep_until_statement(kills + 1, at):
        kills += 1
        queue_for(company, [f"q{kills}@example.com"])
        addresses.append(f"q{kills}@example.com")
        at += timedelta(seconds=1)
    sweep_outbox(at + LEASE)
    assert kills > 20
    assert {recipient for recipient, _email in mail.accepted} == set(addresses)
    for address in addresses:  # a second copy is known by its id
        assert len({email["Message-ID"] for email in mail.to(address)}) == 1
    assert len(mail.accepted) <= len(addresses) + kills
    with company_scope(company.pk):
        assert Message.objects.filter(sent_at=None).count() == 0
        assert Notice.objects.filter(planned_at=None).count() == 0
        assert Message.objects.count() == len(addresses)


def test_worker_killed_after_the_mail_server_took_it_sends_once_more(company, mail):
    queue_for(company, ["p@example.com"])
    mail.on_accept = lambda: time.sleep(1)  # the worker waits for the answer when it dies

    def work():
        threading.Timer(0.5, die).start()
        sweep_outbox(AT)

    assert in_child(work) == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while not mail.accepted and time.monotonic() < deadline:
        time.sleep(0.05)
    with company_scope(company.pk):
        message = Message.objects.get()
        assert (message.sent_at, message.attempts, message.claimed_at) == (None, 1, AT)  # the claim is on record
    mail.on_accept = None
    sweep_outbox(AT + LEASE)
    first, second = mail.to("p@example.com")
    assert first["Message-ID"] == second["Message-ID"]


def test_four_workers_at_once_send_each_message_once(company, mail):
    addresses = [f"p{n}@example.com" for n in range(120)]
    queue_for(company, addresses)
    connection.close()

    def work():
        try:
            for _turn in range(20):
                sweep_outbox(AT)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(recipient for recipient, _email in mail.accepted) == sorted(addresses)


def test_process_killed_between_commit_and_publish_loses_nothing(company, mail):
    owner = make_member(company, "owner", name="Owner")

    def work():
        with company_scope(company.pk):
            transaction.on_commit(die)
            queue_notices([NewNotice("sample.received", owner.pk)], at=NOON)

    assert in_child(work) == -signal.SIGKILL
    sweep_outbox(NOON)
    assert len(mail.to(owner.email)) == 1


def waiting_calls() -> list[tuple[str, list]]:
    calls = []
    with celery.connection_for_read() as broker:
        queue = broker.SimpleQueue("celery")
        while True:
            try:
                call = queue.get(block=False)
            except queue.Empty:
                queue.close()
                return calls
            call.ack()
            calls.append((call.headers["task"], call.payload[0]))


def test_commit_wakes_a_worker_for_awaited_notices(company, mail):
    owner = make_member(company, "owner", name="Owner")
    for _try in range(5):  # another process of the suite may empty the cache, which is the same Valkey
        cache.clear()
        with company_scope(company.pk):
            queue_notices([NewNotice("sample.happened", owner.pk)], at=NOON)
            queue_notices([NewNotice("sample.received", owner.pk)], at=NOON)
            assert ("propman.notify.jobs.deliver_soon", [company.pk]) not in waiting_calls()
        if calls := waiting_calls():
            break
    assert calls == [("propman.notify.jobs.deliver_soon", [company.pk])]
    celery.loader.import_default_modules()  # as a worker does when it starts
    celery.tasks["propman.notify.jobs.deliver_soon"](*calls[0][1])
    assert len(mail.to(owner.email)) == 1


def test_broken_queue_is_no_fault_of_the_caller(company, mail, monkeypatch):
    monkeypatch.setattr(services, "_queue_rests_until", 0.0)
    owner = make_member(company, "owner", name="Owner")
    working = celery._get_current_object()
    Celery("broken", broker="redis://127.0.0.1:9/0", set_as_current=True)
    try:
        with company_scope(company.pk):
            queue_notices([NewNotice("sample.received", owner.pk)], at=NOON)
        began = time.monotonic()
        with company_scope(company.pk):
            queue_notices([NewNotice("sample.received", owner.pk)], at=NOON)
        assert time.monotonic() - began < 1  # once found broken, it is left alone for a while
    finally:
        working.set_current()
    sweep_outbox(NOON)
    assert len(mail.to(owner.email)) == 1
