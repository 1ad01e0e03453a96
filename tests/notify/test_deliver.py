from datetime import timedelta

import pytest

from propman.accounts.models import Membership
from propman.notify.delivery import ATTEMPTS, LEASE, sweep_outbox
from propman.notify.kinds import TEMPLATES
from propman.notify.models import Hours, Message, MessageLine, Notice, Pace, Preference
from propman.notify.services import NewNotice, queue_notices

from .conftest import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def english(company):
    company.language = "en"
    company.save(update_fields=["language"])


def text_of(message) -> str:
    return message.get_body(("plain",)).get_content()


def html_of(message) -> str:
    return message.get_body(("html",)).get_content()


def test_notice_becomes_an_email_after_a_minute(queue, owner, mail):
    queue(owner, title="Lift 2 stands still", number="2026-000001", due_at=NOON)
    sweep_outbox(NOON + timedelta(seconds=59))
    assert mail.accepted == []
    sweep_outbox(NOON + MINUTE)
    [email] = mail.to(owner.email)
    assert email["Subject"] == "happened 2026-000001: Lift 2 stands still"
    assert "until 2026-03-02 12:00" in text_of(email)  # the company's time
    assert "http://127.0.0.1:8000/lanting/x/" in text_of(email)
    assert 'href="http://127.0.0.1:8000/lanting/x/"' in html_of(email)
    message = Message.objects.get()
    assert (message.sent_at, message.due_at, message.attempts, message.address) == (NOON + MINUTE, None, 1, owner.email)


def test_swept_again_sends_nothing_again(queue, owner, mail):
    queue(owner)
    assert sweep_outbox(NOON + MINUTE) > 0
    assert sweep_outbox(NOON + MINUTE) == 0
    assert sweep_outbox(NOON + timedelta(days=2)) == 0
    assert len(mail.accepted) == 1


def test_awaited_notice_goes_at_once(queue, owner, mail):
    queue(owner, "sample.received", code="4711-2207")
    sweep_outbox(NOON)
    assert "4711-2207" in text_of(mail.to(owner.email)[0])


def test_storm_of_awaited_notices_is_a_few_messages(queue, company, owner, agent, mail):
    """Somebody files fifty complaints in a minute: the first receipts go at once, the others together after the minute."""
    for number in range(50):
        at = NOON + timedelta(seconds=number)
        queue(owner, "sample.received", code=f"S3CR3T{number}", at=at)
        sweep_outbox(at)
    assert len(mail.accepted) == 3
    queue(agent, "sample.received", code="mine", at=at)
    sweep_outbox(at)
    assert len(mail.accepted) == 4  # nobody else waits for it
    sweep_outbox(NOON + timedelta(seconds=130))
    assert len(mail.accepted) == 5
    assert MessageLine.objects.filter(notice__user=owner).values("notice").distinct().count() == 50
    assert not Message.objects.open().exists()


def test_storm_of_a_stranger_is_a_few_messages_too(queue, company, mail):
    for number in range(20):
        at = NOON + timedelta(seconds=number)
        queue(None, "sample.received", email="caller@example.com", code=f"{number}", at=at)
        sweep_outbox(at)
    sweep_outbox(NOON + timedelta(seconds=90))
    assert len(mail.accepted) == 4


def test_awaited_notice_after_a_quiet_minute_goes_at_once_again(queue, company, owner, mail):
    for seconds in (0, 1, 2, 63):
        at = NOON + timedelta(seconds=seconds)
        queue(owner, "sample.received", code="x", at=at)
        sweep_outbox(at)
    assert len(mail.accepted) == 4


def test_reader_is_told_in_their_language(queue, owner, mail):
    owner.language = "zh-hans"
    owner.save()
    queue(owner)
    sweep_outbox(NOON + MINUTE)
    assert "退出" in text_of(mail.accepted[0][1])


def test_stranger_is_told_in_the_companys_language(queue, company, mail):
    company.language = "zh-hans"
    company.save(update_fields=["language"])
    queue(email="zhou@example.com")
    sweep_outbox(NOON + MINUTE)
    assert "退出" in text_of(mail.to("zhou@example.com")[0])


def test_words_of_others_stay_words(queue, owner, mail):
    queue(owner, title="<script>alert(1)</script> A & B\r\nBcc: all@example.com \u202egnp.exe")
    sweep_outbox(NOON + MINUTE)
    [(_recipient, email)] = mail.accepted
    assert email["Bcc"] is None
    assert "\u202e" not in email["Subject"]
    assert "A & B Bcc: all@example.com" in email["Subject"]
    assert "A & B" in text_of(email)
    assert "<script>" not in html_of(email)
    assert "&lt;script&gt;" in html_of(email)


def test_email_asks_machines_not_to_answer(queue, owner, mail):
    queue(owner)
    sweep_outbox(NOON + MINUTE)
    [(_recipient, email)] = mail.accepted
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["X-Auto-Response-Suppress"] == "All"


def test_storm_becomes_one_message(queue, owner, agent, mail):
    for second in range(0, 60, 2):
        queue(owner, at=NOON + timedelta(seconds=second), number=str(second))
        sweep_outbox(NOON + timedelta(seconds=second))
    queue(agent, number="other")
    sweep_outbox(NOON + timedelta(seconds=75))
    [email] = mail.to(owner.email)
    assert email["Subject"] == "30 notices from Lanting"
    assert all(f"happened {second}:" in text_of(email) for second in range(0, 60, 2))
    assert len(mail.to(agent.email)) == 1


def test_ten_thousand_firings_for_one_person_are_one_short_message(scope, owner, mail):
    queue_notices([NewNotice("sample.escalated", owner.pk, words={"number": f"n{n}"}) for n in range(10_000)], at=NOON)
    sweep_outbox(NOON + MINUTE)
    [email] = mail.to(owner.email)
    assert email["Subject"] == "10000 notices from Lanting"
    assert "And 9950 more" in text_of(email)
    assert len(text_of(email)) < 10_000


def test_quiet_hours_hold_messages_until_morning(queue, owner, mail):
    night = NOON + timedelta(hours=11)  # 23:00
    queue(owner, at=night, number="1")
    sweep_outbox(night + MINUTE)
    queue(owner, at=night + timedelta(hours=1), number="2")
    sweep_outbox(night + timedelta(hours=7, minutes=59))
    assert mail.accepted == []
    sweep_outbox(night + timedelta(hours=8))
    [email] = mail.to(owner.email)
    assert email["Subject"] == "2 notices from Lanting"


def test_urgent_notice_passes_quiet_hours(queue, owner, mail):
    night = NOON + timedelta(hours=11)
    queue(owner, at=night, number="1")
    sweep_outbox(night + 2 * MINUTE)
    queue(owner, "sample.escalated", at=night + 5 * MINUTE, number="2")
    sweep_outbox(night + 6 * MINUTE)
    [email] = mail.to(owner.email)
    assert "happened 1:" in text_of(email)
    assert "escalated 2:" in text_of(email)


def test_own_quiet_hours_replace_the_companys(queue, owner, agent, mail, company):
    Hours.objects.create(company=company, quiet_from="12:00", quiet_until="13:00")
    Preference.objects.create(company=company, user=agent, quiet_from="11:00", quiet_until="11:30")
    queue(owner)
    queue(agent)
    sweep_outbox(NOON + MINUTE)
    assert [recipient for recipient, _email in mail.accepted] == [agent.email]
    sweep_outbox(NOON + timedelta(hours=1))
    assert [recipient for recipient, _email in mail.accepted] == [agent.email, owner.email]


def test_digest_comes_once_a_day(queue, owner, mail, company):
    Preference.objects.create(company=company, user=owner, email=Pace.DAILY, sms=Pace.NEVER)
    for hour in range(0, 9, 2):
        queue(owner, at=NOON + timedelta(hours=hour), number=f"n{hour}")
        sweep_outbox(NOON + timedelta(hours=hour, minutes=5))
    assert mail.accepted == []
    sweep_outbox(NOON + timedelta(hours=20))  # 08:00
    [email] = mail.to(owner.email)
    assert all(f"happened n{hour}:" in text_of(email) for hour in range(0, 9, 2))


def test_urgent_notice_does_not_wait_for_the_digest(queue, owner, mail, company):
    Preference.objects.create(company=company, user=owner, email=Pace.DAILY)
    queue(owner, "sample.escalated")
    sweep_outbox(NOON + MINUTE)
    assert len(mail.accepted) == 1


def test_who_wants_no_message_still_has_the_bell(queue, owner, mail, texts, company):
    Preference.objects.create(company=company, user=owner, email=Pace.NEVER, sms=Pace.NEVER)
    queue(owner, "sample.escalated")
    sweep_outbox(NOON + MINUTE)
    assert mail.accepted == []
    assert Notice.objects.visible_to(owner).unread().count() == 1


def test_urgent_notice_comes_by_sms_too(queue, owner, mail, texts):
    owner.phone = "+86 138-0000 0000"
    owner.save()
    queue(owner, number="1")
    queue(owner, "sample.escalated", number="2", title="x")
    sweep_outbox(NOON + MINUTE)
    assert texts() == [{"phone": "+8613800000000", "text": "Lanting: escalated 2: x http://127.0.0.1:8000/lanting/x/"}]
    assert len(mail.accepted) == 1


def test_stranger_with_a_phone_is_told_all_by_sms(queue, mail, texts):
    queue(phone="13800000000", event="sample.received", number="7", title="t", path="/follow/")
    sweep_outbox(NOON)
    assert texts() == [{"phone": "13800000000", "text": "Lanting: received 7: t http://127.0.0.1:8000/lanting/follow/"}]
    assert mail.accepted == []


def test_nobody_is_told_what_concerns_a_company_they_left(queue, owner, agent, mail):
    queue(owner)
    queue(agent)
    agent.is_active = False
    agent.save()
    Membership.objects.filter(user=owner).update(ended_at=NOON)
    sweep_outbox(NOON + MINUTE)
    assert mail.accepted == []
    assert Notice.objects.filter(planned_at=None).count() == 0


def test_refusal_for_now_is_tried_again(queue, owner, mail):
    mail.answers[owner.email] = "451 later"
    queue(owner)
    sweep_outbox(NOON + MINUTE)
    message = Message.objects.get()
    assert (message.attempts, message.due_at) == (1, NOON + 2 * MINUTE)
    sweep_outbox(NOON + 2 * MINUTE)
    message.refresh_from_db()
    assert (message.attempts, message.due_at, message.sent_at) == (2, NOON + 4 * MINUTE, None)
    assert "451" in message.error
    mail.answers.clear()
    sweep_outbox(NOON + 4 * MINUTE)
    message.refresh_from_db()
    assert (message.sent_at, message.error) == (NOON + 4 * MINUTE, "")


def test_refusal_for_good_ends_in_the_dead_letters(queue, owner, administrator, mail):
    mail.answers[owner.email] = "550 no such mailbox"
    queue(owner)
    sweep_outbox(NOON + MINUTE)
    message = Message.objects.get(user=owner)
    assert (message.dead_at, message.due_at, message.attempts) == (NOON + MINUTE, None, 1)
    sweep_outbox(NOON + 3 * MINUTE)
    [email] = mail.to(administrator.email)
    assert owner.email in email["Subject"]
    assert Notice.objects.visible_to(administrator).unread().count() == 1


def test_mail_server_that_is_down_is_tried_ten_times(queue, owner, administrator, mail, settings):
    settings.EMAIL_PORT = 9  # nobody listens
    queue(owner)
    at = NOON + MINUTE
    for _attempt in range(ATTEMPTS):
        sweep_outbox(at)
        message = Message.objects.get(user=owner)
        at = message.due_at or at
    assert message.attempts == ATTEMPTS
    assert message.dead_at is not None
    for _day in range(10):  # what the administrator is told about it fails too, and is not told about
        sweep_outbox(at)
        at += timedelta(days=1)
    assert Notice.objects.filter(event="notice.undeliverable").count() == 1


def test_one_refused_address_does_not_stop_the_others(queue, owner, agent, head, mail):
    mail.answers[owner.email] = "550 no"
    for person in (agent, owner, head):
        queue(person)
    sweep_outbox(NOON + MINUTE)
    assert {recipient for recipient, _email in mail.accepted} == {agent.email, head.email}


def test_claim_of_a_killed_worker_lapses(queue, owner, mail):
    queue(owner)
    sweep_outbox(NOON)
    Message.objects.update(attempts=1, claimed_at=NOON + MINUTE, due_at=NOON + MINUTE + LEASE)
    sweep_outbox(NOON + LEASE)
    assert mail.accepted == []
    sweep_outbox(NOON + MINUTE + LEASE)
    assert len(mail.accepted) == 1


def test_unknown_words_are_a_dead_letter(queue, owner, mail):
    queue(owner)
    Notice.objects.update(words={})
    TEMPLATES["sample.happened"] = "emails/sample/nothing.txt"
    sweep_outbox(NOON + MINUTE)
    assert "TemplateDoesNotExist" in Message.objects.get().error


def test_sent_secrets_are_forgotten(queue, mail, texts):
    mail.answers["zhou@example.com"] = "451 later"
    queue(event="sample.received", email="zhou@example.com", number="7", code="4711-2207")
    sweep_outbox(NOON)
    assert Notice.objects.get().words["code"] == "4711-2207"
    mail.answers.clear()
    sweep_outbox(NOON + MINUTE)
    assert "4711-2207" in text_of(mail.accepted[0][1])
    assert (Notice.objects.get().words, Notice.objects.get().path) == ({"number": "7"}, "")
