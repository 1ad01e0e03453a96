"""Cards of a town: issued, delivered, cast, declared void, counted in the open and published, month by month."""

from datetime import date, datetime, timedelta

from cards import services
from cards.archive import write_archive
from cards.calendar import CardMonth
from cards.models import Round
from cards.selectors import cards_in_hand, month_of_cards
from cards.workflow import Card, Colour
from propman.accounts.models import Membership, User
from propman.accounts.roles import Role
from propman.accounts.services import grant_role

from .sign_ins import new_account
from .town import Place, Town

MOODS = {Colour.BLUE: 0.62, Colour.YELLOW: 0.27, Colour.RED: 0.11}
TAKES_PART, IS_AWAY, WRITES = 0.7, 0.03, 0.15
WORDS = {
    Colour.BLUE: ["师傅来得快,还把地扫干净了。", "Thank you for the new lamps in the yard.", "保安认得每一位老人。"],
    Colour.YELLOW: ["二号电梯这个月停了三次,请说明何时修好。", "The east gate stands open at night.", "垃圾桶周末没有人清。"],
    Colour.RED: ["问了两次采暖账目,没有书面答复。", "Nobody answers the office's phone after five.", "公共收益一直没有公布。"],
}


def live_month(town: Town, month: date) -> None:
    """Issue the month's cards on their day; cast, close, count and publish what lies before the town's end."""
    calendar = month_of_cards(town.company, month)
    if calendar.issued_at > town.until:
        return
    for place in town.places:
        round = services.issue_round(community=place.community, month=calendar, at=calendar.issued_at)
        town.made["rounds"] += 1
        town.made["cards issued"] += round.issued
        if calendar.delivered_at <= town.until:
            vote(town, place, services.open_round(round=round, at=calendar.delivered_at), calendar)
        if calendar.counted_at <= town.until:
            count(town, round, calendar)
    if calendar.counted_at <= town.until:
        town.last_counted_month = calendar.name


def vote(town: Town, place: Place, round: Round, calendar: CardMonth) -> None:
    """Most households cast some of their cards, a few are away; nothing after the town's end."""
    ends = min(calendar.counted_at, town.until)
    for household in place.households:
        held = cards_in_hand(round, household)
        at = moment_between(town, calendar.delivered_at, ends)
        if not held or at >= ends:
            continue
        if town.random.random() < IS_AWAY:
            serials = [card.serial for card in held]
            town.made["cards void"] += services.declare_absence(company_id=town.company.pk, serials=serials, at=at)
        elif town.random.random() < TAKES_PART:
            for subject in round.subjects:
                colour = town.random.choices(list(MOODS), weights=list(MOODS.values()))[0]
                card = next(one for one in held if one.card == card_of(subject, colour))
                words = town.random.choice(WORDS[colour]) if town.random.random() < WRITES else ""
                services.cast_card(company_id=town.company.pk, serial=card.serial, opinion=words, at=at)
                town.made["cards cast"] += 1


def card_of(subject: str, colour: Colour) -> Card:
    return next(card for card in Card if card.subject == subject and card.colour == colour)


def moment_between(town: Town, begins: datetime, ends: datetime) -> datetime:
    return begins + timedelta(seconds=town.random.random() * max(0.0, (ends - begins).total_seconds()))


def count(town: Town, round: Round, calendar: CardMonth) -> None:
    """Close the box and count it in the open: the Association deals, the government department witnesses, both sign."""
    services.remind_households(round=round, at=calendar.reminded_at)
    services.close_round(round=round, at=calendar.counted_at)
    dealer, witness = officials(town)
    counting = services.open_count(round=round, by=dealer, hall=town.random.randrange(5, 40), at=calendar.counted_at)
    services.join_count(round=round, by=witness, at=calendar.counted_at)
    ends = calendar.counted_at + timedelta(minutes=40)
    while not counting.finished_at:
        counting = services.deal_cards(round=round, by=dealer, after=counting.dealt, number=None, at=ends)
    for official in (dealer, witness):
        services.sign_count(round=round, by=official, at=ends)
    write_archive(Round.objects.get(pk=round.pk), at=ends)
    town.made["rounds counted"] += 1


def officials(town: Town) -> tuple[User, User]:
    """An official of the Association and one of the government department over the company; appointed when there is none."""
    dealer, witness = (official(town, role) for role in (Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL))
    return dealer, witness


def official(town: Town, role: Role) -> User:
    if (held := Membership.objects.current().select_related("user").filter(role=role).order_by("pk").first()) is not None:
        return held.user
    user = new_account(
        email=f"{role.value.replace('_', '-')}@{town.company.address}.example", name=str(role.label), at=town.begins_at
    )
    grant_role(user=user, role=role, by=operator(town), at=town.begins_at)
    return user


def operator(town: Town) -> User:
    """Who decides who supervises a company."""
    found = User.objects.filter(is_operator=True).order_by("pk").first()
    return found or new_account(
        email=f"operator@{town.company.address}.example", name="Platform operator 平台运营", at=town.begins_at, is_operator=True
    )
