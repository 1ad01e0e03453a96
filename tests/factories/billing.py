from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing.models import FeeAgreement, Survey
from billing.quarters import Quarter
from billing.selectors.surveys import Answer, items_of
from billing.services.agreements import NewAgreement, NewItem, propose_agreement, sign_agreement
from billing.services.surveys import open_due_surveys, save_sheet
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import CommitteeMember, Community, Household, OwnersCommittee, Person
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from .people import make_member, make_user

SHANGHAI = ZoneInfo("Asia/Shanghai")
ITEMS = (NewItem("Cleaning", 2), NewItem("Lifts", 1), NewItem("Security", 1))


def local(*when: int) -> datetime:
    """A moment on the wall clock of Shanghai."""
    return datetime(*when, tzinfo=SHANGHAI)


def make_committee(community: Community, *, members: int = 1) -> list[User]:
    """An owners' committee whose members sign in."""
    users = []
    with company_scope(community.company_id):
        committee = OwnersCommittee.objects.create(community=community, elected_on=date(2025, 1, 1))
    for number in range(members):
        user = make_member(community.company, Role.COMMITTEE_MEMBER, name=f"Committee {number}")
        with company_scope(community.company_id):
            person, _created = Person.objects.get_or_create(user=user, defaults={"name": user.name})
            CommitteeMember.objects.create(committee=committee, person=person, starts_on=date(2025, 1, 1))
        users.append(user)
    return users


def make_agreement(
    community: Community, *, members: list[User] | None = None, at: datetime | None = None, **terms: object
) -> FeeAgreement:
    """An agreement in force: ¥2.40 per m² and month, proportional, at least 80 %, signed by the whole committee."""
    at = at or local(2026, 1, 2, 9)
    items = terms.pop("items", ITEMS)
    members = members or make_committee(community)
    proposer = make_user("Proposer")
    new = NewAgreement(**{"starts_quarter": "2026Q1", "price": 240, **terms})
    with company_scope(community.company_id):
        agreement = propose_agreement(community=community, terms=new, items=items, by=proposer, at=at)
        for member in members:
            agreement = sign_agreement(agreement=agreement, by=member, at=at)
    return agreement


def make_survey(community: Community, quarter: str, *, at: datetime | None = None) -> Survey:
    """The sheets of the quarter, out; the community's agreement is in force."""
    with company_scope(community.company_id):
        company = Company.objects.get(pk=community.company_id)
        open_due_surveys(company=company, at=at or midday_before_end(quarter))
        return Survey.objects.get(community=community, quarter=quarter)


def midday_before_end(quarter: str) -> datetime:
    last = Quarter.parse(quarter).last_day
    return local(last.year, last.month, last.day, 12)


def fill_sheet(survey: Survey, household: Household, user: User, *scores: int | None, comment: str = "", at=None) -> None:
    """The household's scores, item by item; the comment stands on the first."""
    with company_scope(survey.company_id):
        answers = {
            item.pk: Answer(score, comment if position == 0 else "")
            for position, (item, score) in enumerate(zip(items_of(survey), scores, strict=False))
        }
        at = at or midday_before_end(survey.quarter)
        save_sheet(survey=survey, household=household, by=user, answers=answers, at=at)
