"""Rounds are known to every member of the company, cards to their household; officials count below /oversight/."""

from tests.factories.cards import make_round

PUBLIC = {f"cards_public:{name}" for name in ("bulletins", "promises", "bulletin", "download")}
EVERY_MEMBER = {"api-round-list", "api-round-detail", "api-bulletin-list", "api-bulletin-detail"}
OVERSIGHT = ["count", "open", "join", "deal", "pause", "sign", "stage", "stage_now"]


def samples(cast) -> dict[str, dict]:
    round = make_round(cast.household.community)
    community = {"community": cast.household.community.address}
    rounds = ("detail", "open-count", "join-count", "sign")
    return {
        **{f"cards_oversight:{name}": {"company": cast.company.address, "pk": round.pk} for name in OVERSIGHT},
        **{f"api-round-{name}": {"pk": round.pk} for name in rounds},
        "api-bulletin-detail": {"pk": round.pk},
        "cards_public:bulletins": community,
        "cards_public:promises": community,
        "cards_public:bulletin": {**community, "month": round.month_name},
        "cards_public:download": {**community, "month": round.month_name, "name": "cast.csv"},
    }
