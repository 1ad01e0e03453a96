import pytest
from django.db import DatabaseError, transaction

from billing.models import AgreementSignature, FeeAgreement
from billing.quarters import Quarter
from billing.selectors.agreements import agreement_for, sample_fees
from billing.services.agreements import (
    NewAgreement,
    NewItem,
    NotOnCommittee,
    TermsRefused,
    propose_agreement,
    sign_agreement,
)
from tests.factories.billing import ITEMS, SHANGHAI, local, make_agreement, make_committee

AT = local(2026, 1, 2, 9)


def propose(community, manager, **terms) -> FeeAgreement:
    new = NewAgreement(**{"starts_quarter": "2026Q1", "price": 240, **terms})
    return propose_agreement(community=community, terms=new, items=ITEMS, by=manager, at=AT)


def test_agreement_counts_when_most_members_signed(community, manager, scope):
    members = make_committee(community, members=4)
    agreement = propose(community, manager)
    signed = [sign_agreement(agreement=agreement, by=member, at=AT).signed_at for member in members[:3]]
    assert signed == [None, None, AT]


def test_signing_twice_counts_once(community, manager, scope):
    members = make_committee(community, members=3)
    agreement = propose(community, manager)
    for _time in range(3):
        assert sign_agreement(agreement=agreement, by=members[0], at=AT).signed_at is None
    assert AgreementSignature.objects.count() == 1


@pytest.mark.parametrize("who", ["manager", "owner", "agent"])
def test_others_cannot_sign(community, manager, scope, who, request):
    make_committee(community)
    agreement = propose(community, manager)
    with pytest.raises(NotOnCommittee):
        sign_agreement(agreement=agreement, by=request.getfixturevalue(who), at=AT)


def test_signature_names_the_terms_that_were_read(community, manager, scope):
    (member,) = make_committee(community)
    first, second = propose(community, manager), propose(community, manager, price=250)
    sign_agreement(agreement=second, by=member, at=AT)
    assert first.terms_hash != second.terms_hash
    assert AgreementSignature.objects.get().terms_hash == second.terms_hash
    assert [first.version, second.version] == [1, 2]


@pytest.mark.parametrize(
    "terms",
    [
        {"floor_bp": 9000, "cap_bp": 8000},
        {"starts_quarter": "2026-1"},
        {"formula": "tiered", "bands": ()},
        {"formula": "tiered", "bands": ((0, 9000), (5000, 100))},
        {"minimum_sheets": 4},
    ],
)
def test_contradicting_terms_are_refused(community, manager, scope, terms):
    with pytest.raises(TermsRefused):
        propose(community, manager, **terms)
    assert not FeeAgreement.objects.exists()


def test_agreement_without_services_is_refused(community, manager, scope):
    with pytest.raises(TermsRefused):
        propose_agreement(community=community, terms=NewAgreement("2026Q1", 240), items=[], by=manager, at=AT)


@pytest.mark.parametrize("column", ["price", "floor_bp", "terms_hash", "starts_quarter", "minimum_sheets"])
def test_proposed_terms_cannot_be_rewritten(agreement, scope, column):
    with pytest.raises(DatabaseError), transaction.atomic():
        FeeAgreement.objects.filter(pk=agreement.pk).update(**{column: getattr(agreement, column)})


@pytest.mark.parametrize("number", [1, 4])
def test_rate_of_fewer_than_five_sheets_is_refused_by_the_database(agreement, scope, number):
    values = FeeAgreement.objects.values().get()
    with pytest.raises(DatabaseError, match="billing_feeagreement_minimum"), transaction.atomic():
        FeeAgreement.objects.create(**{**values, "id": None, "version": 9, "minimum_sheets": number})


def test_newest_version_that_began_and_was_signed_holds(community, scope):
    members = make_committee(community)
    make_agreement(community, members=members, price=200)
    make_agreement(community, members=members, price=220, starts_quarter="2026Q3", at=local(2026, 5, 1))
    late = make_agreement(community, members=members, price=300, starts_quarter="2026Q1", at=local(2026, 4, 2))
    versions = list(FeeAgreement.objects.order_by("version"))
    found = {
        quarter: agreement.price if agreement else None
        for quarter in ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
        if (agreement := agreement_for(versions, Quarter.parse(quarter), zone=SHANGHAI, at=local(2026, 12, 1))) or True
    }
    assert late.version == 3
    assert found == {"2025Q4": None, "2026Q1": 200, "2026Q2": 300, "2026Q3": 220}


def test_sample_flat_shows_what_a_rate_costs(agreement):
    found = [(rate.points, share, fee) for rate, share, fee in sample_fees(agreement.terms, agreement.price)]
    assert found == [(6000, 8000, 54490), (8000, 8000, 54490), (9500, 9500, 64706)]


def test_item_keeps_its_weight_and_standard(community, manager, scope):
    items = [NewItem("Lifts", 3, "Repaired within four hours")]
    agreement = propose_agreement(community=community, terms=NewAgreement("2026Q1", 240), items=items, by=manager, at=AT)
    (item,) = agreement.items.all()
    assert (item.name, item.weight, item.standard) == ("Lifts", 3, "Repaired within four hours")
