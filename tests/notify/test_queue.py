from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from propman.notify.kinds import UnknownNotice
from propman.notify.models import Notice
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.scope import NoCompany, company_scope

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_queued_notices_keep_their_words(scope, owner):
    queue_notices(
        [
            NewNotice("sample.happened", owner.pk, words={"number": "2026-000001", "due_at": AT, "count": 3}, path="/x/"),
            NewNotice("sample.happened", None, email="zhou@example.com", phone="+86 138 0000 0000"),
        ],
        at=AT,
    )
    with_account, without = Notice.objects.order_by("pk")
    assert with_account.words == {"number": "2026-000001", "due_at": "2026-03-02T04:00:00+00:00", "count": 3}
    assert (with_account.user_id, with_account.path, with_account.at) == (owner.pk, "/x/", AT)
    assert (without.user_id, without.email, without.phone) == (None, "zhou@example.com", "+86 138 0000 0000")


def test_rolled_back_transaction_leaves_no_notice(scope, owner):
    with transaction.atomic():
        queue_notices([NewNotice("sample.happened", owner.pk)], at=AT)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("text", ["", "\0", "a\\u0000b", "‮txt", "😀" * 1000, "a\nb", "'; DROP TABLE notify_notice; --"])
def test_any_words_can_be_queued(scope, owner, text):
    queue_notices([NewNotice("sample.happened", owner.pk, words={"text": text})], at=AT)
    assert Notice.objects.get().words["text"] == text.replace("\0", "")


def test_undeclared_event_is_refused(scope, owner):
    with pytest.raises(UnknownNotice):
        queue_notices([NewNotice("sample.unheard_of", owner.pk)], at=AT)


def test_forgotten_scope_raises(owner):
    with pytest.raises(NoCompany):
        queue_notices([NewNotice("sample.happened", owner.pk)], at=AT)


def test_rival_company_sees_no_notice(company, rival_company, owner):
    with company_scope(company.pk):
        queue_notices([NewNotice("sample.happened", owner.pk)], at=AT)
    with company_scope(rival_company.pk):
        assert not Notice.objects.exists()
        assert not Notice.unscoped.exists()


def test_ten_thousand_notices_are_queued_by_one_statement(scope, owner):
    notices = [
        NewNotice("sample.happened", owner.pk, words={"number": f"2026-{n:06}", "due_at": AT}, path=f"/x/{n}/")
        for n in range(10_000)
    ]
    with CaptureQueriesContext(connection) as asked:
        queue_notices(notices, at=AT)
    assert len(asked) == 1
    assert Notice.objects.count() == 10_000
