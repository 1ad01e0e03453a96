"""A month of cards in the browser: delivered, cast, counted on the stage, published, checked."""

import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.utils import timezone
from playwright.sync_api import expect

from cards import issuer, jobs, services
from cards.calendar import next_month
from cards.models import Round, RoundKey
from cards.selectors import cards_in_hand, month_of_cards
from cards.workflow import Card
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.browser.checks import findings
from tests.factories import make_household, make_member
from tests.factories.cards import make_committee, serial_of


@pytest.fixture
def round(transactional_db, community, household, owner, rival_owner):
    """The next month's round, delivered early: it can be cast now."""
    make_committee(community)
    with company_scope(community.company_id):
        month = month_of_cards(community.company, next_month(timezone.localdate()))
        round = services.issue_round(community=community, month=month, at=month.issued_at)
        return services.open_round(round=round, at=timezone.now() - timedelta(days=1))


def places(round, household):
    with company_scope(round.company_id):
        return {held.card: held.place for held in cards_in_hand(round, household)}


def code_of(user):
    Authenticator.objects.filter(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("javascript", [True, False])
def test_owner_casts_a_card_on_the_phone(page_as, round, household, owner, javascript):
    page = page_as(owner, "/lanting/cards/", width=360, javascript=javascript)
    page.locator("label.pm-vote__card[for=oc-red]").click()
    page.get_by_label("Your opinion, if you wish").fill("Nobody answers.")
    page.get_by_role("button", name="Drop it into the box").click()
    expect(page.get_by_role("heading", name="Your card is in the box")).to_be_visible()
    code = page.locator("#code").inner_text()
    assert places(round, household)[Card.COMMITTEE_RED] == "cast"
    page.get_by_role("link", name="Back to my cards").click()
    expect(page.locator("input[type=radio]")).to_have_count(5)
    assert len(code.replace(" ", "")) == 16


def test_owner_away_declares_absence(page_as, round, household, owner):
    page = page_as(owner, "/lanting/cards/", width=360)
    page.get_by_role("button", name="We are away: make 6 cards void").click()
    expect(page.get_by_role("heading", name="Absence declared")).to_be_visible()
    assert set(places(round, household).values()) == {"void"}


def test_hidden_cards_tell_nothing(page_as, round, owner):
    page = page_as(owner, "/lanting/cards/", width=360)
    page.get_by_label("Hide what I have cast").check()
    expect(page.get_by_role("button", name="Drop it into the box")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Drop it into the box")).to_be_hidden()


def test_month_from_delivery_to_bulletin(page_as, round, household, rival_owner, owner, manager, official, company):
    government = make_member(company, Role.GOVERNMENT_OFFICIAL, name="Su Wen")
    page = page_as(owner, "/lanting/cards/")
    page.locator("#co-yellow").check(force=True)
    page.get_by_label("Your opinion, if you wish").fill("The lift stops.")
    page.get_by_role("button", name="Drop it into the box").click()
    code = page.locator("#code").inner_text()
    for card in (Card.COMPANY_BLUE, Card.COMMITTEE_BLUE):
        services.cast_card(company_id=company.pk, serial=serial_of(round, household, card), at=timezone.now())
    bulletin = f"/lanting/public/willow-garden/cards/{round.month_name}/"

    member = make_member(company, Role.COMMITTEE_MEMBER, name="Committee member")
    counted = [page_as(manager, bulletin), page_as(member, bulletin)]
    for page in counted:  # they see only what is public, and that is nothing yet
        assert "pm-lane" not in page.content()
    with company_scope(company.pk):
        services.close_round(round=round, at=round.closes_at)

    count = f"/oversight/cards/lanting/{round.pk}/"
    for page in counted:  # nor do they count
        assert page.goto(count).status == 404
    dealer = page_as(official, count)
    dealer.get_by_label("Owners in the hall").fill("9")
    dealer.get_by_role("button", name="Start the count").click()
    expect(dealer.locator(".pm-stage__no b")).to_have_text("0")
    dealer.wait_for_load_state()  # the keys are wired
    dealer.keyboard.press("ArrowRight")
    expect(dealer.locator(".pm-stage__no b")).to_have_text("1")

    witness = page_as(government, count)
    witness.get_by_role("button", name="I am here as witness").click()
    expect(dealer.locator(".pm-stage__people")).to_contain_text("Su Wen")  # polled
    dealer.context.close()  # a broken browser loses nothing

    dealer = page_as(official, f"{count}stage/")
    expect(dealer.locator(".pm-stage__no b")).to_have_text("1")
    dealer.keyboard.press("p")
    expect(dealer.get_by_role("button", name="Go on")).to_be_visible()
    dealer.keyboard.press("p")
    expect(dealer.get_by_role("button", name="Pause")).to_be_visible()
    dealer.keyboard.press(" ")
    expect(dealer.locator(".pm-stage__no b")).to_have_text("2")
    expect(witness.locator(".pm-stage__no b")).to_have_text("2")
    dealer.keyboard.press(" ")
    expect(dealer.locator(".is-end")).to_be_visible()
    expect(witness.locator(".is-end")).to_be_visible()

    for page, user in ((dealer, official), (witness, government)):
        page.goto(count)
        page.get_by_label("Code of your second factor").fill(code_of(user))
        page.get_by_role("button", name="Sign").click()
    expect(witness.get_by_text("Counted, signed and published.")).to_be_visible()
    assert findings(witness) == []

    jobs.archive_bulletins(timezone.now())
    public = page_as(None, bulletin)
    assert findings(public) == []
    expect(public.get_by_text("The lift stops.")).to_be_visible()
    unused = serial_of(round_again(round), household, Card.COMPANY_RED)
    public.get_by_label("Receipt codes or card numbers").fill(f"{code}\n{unused}\nnonsense")
    public.get_by_role("button", name="Check", exact=True).click()
    status = public.locator("[data-check-cards] [role=status] li")
    expect(status.nth(0)).to_contain_text("counted: Property company, Warning")
    expect(status.nth(1)).to_contain_text("not in this count")
    expect(status.nth(2)).to_contain_text("neither a receipt code nor a card number")
    for page in counted:
        page.goto(bulletin)
        expect(page.locator(".pm-lane")).to_have_count(6)


def round_again(round):
    with company_scope(round.company_id):
        return Round.objects.get(pk=round.pk)


OVERLAPS = """() => {
  const box = (e) => e.getBoundingClientRect(), found = [];
  const foot = box(document.querySelector('.pm-stage__foot'));
  if (foot.bottom > innerHeight + 1 || foot.right > innerWidth + 1) found.push('the foot leaves the screen');
  for (const e of document.querySelectorAll('.pm-stage__words, .pm-stage__lane, .pm-stage__deal > .pm-vote'))
    if (box(e).bottom > foot.top + 1) found.push(e.className + ' runs into the foot');
  for (const lane of document.querySelectorAll('.pm-stage__lane'))
    for (const e of lane.querySelectorAll('.pm-stage__n, .pm-tally, p'))
      if (box(e).bottom > box(lane).bottom + 2 || box(e).right > box(lane).right + 2)
        found.push(e.className + ' leaves its lane');
  const people = document.querySelector('.pm-stage__people'), acts = document.querySelector('.pm-stage__acts');
  if (people && acts && box(acts.lastElementChild).right > box(people.firstElementChild).left)
    found.push('buttons over people');
  return found;
}"""


@pytest.mark.parametrize("words", ["电梯。", "二号电梯又停了,请尽快修好。" * 8, "二号电梯又停了,请尽快修好。" * 70])
def test_stage_shows_everything_on_any_projector(page_as, round, community, owner, official, company, words):
    households = [make_household(community) for _number in range(190)]
    with company_scope(company.pk):
        month = month_of_cards(company, next_month(next_month(timezone.localdate())))
        late = services.issue_round(community=community, month=month, at=month.issued_at)
        late = services.open_round(round=late, at=month.delivered_at)
        key = issuer.decrypted(RoundKey.objects.get(round=late).issuing)
    for household in households:
        for card in (Card.COMPANY_BLUE, Card.COMMITTEE_BLUE):
            serial = issuer.serial(key, household.pk, card)
            services.cast_card(company_id=company.pk, serial=serial, opinion=words, at=month.delivered_at)
    with company_scope(company.pk):
        services.close_round(round=late, at=late.closes_at)
        count = services.open_count(round=late, by=official, hall=147, at=late.closes_at)
        count = services.deal_cards(round=late, by=official, after=0, number=185, at=late.closes_at)
    page = page_as(official, f"/oversight/cards/lanting/{late.pk}/stage/")
    for width, height in ((1920, 1080), (1280, 720), (1920, 900), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(OVERLAPS) == []
    with company_scope(company.pk):
        while not count.finished_at:
            count = services.deal_cards(round=late, by=official, after=count.dealt, number=None, at=late.closes_at)
    expect(page.locator(".is-end")).to_be_visible()
    assert page.evaluate(OVERLAPS) == []


def test_cards_page_is_readable(page_as, round, owner):
    assert findings(page_as(owner, "/lanting/cards/")) == []


def test_promises_and_rounds_are_readable(page_as, round):
    for path in ("", "promises/"):
        assert findings(page_as(None, f"/lanting/public/willow-garden/cards/{path}")) == []


def test_officials_calendar_is_readable(page_as, round, official):
    assert findings(page_as(official, "/oversight/")) == []
    assert findings(page_as(official, f"/oversight/cards/lanting/{round.pk}/")) == []
