"""Complaints are found by rows: the asker's own, the department's, the centre's."""

from complaints.workflow import Verb
from tests.factories.complaints import make_complaint, make_policy

PUBLIC = {"complaints:follow", "complaints:follow_act"}
EVERY_MEMBER = {"complaints:mine"}
ONE = ["detail", "receipt", "verdict", *(verb.value for verb in Verb if verb not in {Verb.RESUME, Verb.CLOSE})]
FORBIDDEN = {f"complaints:{name}": ["rival_owner", "official"] for name in ONE}


def samples(cast) -> dict[str, dict]:
    make_policy()
    complaint = make_complaint(household=cast.household)
    return {f"complaints:{name}": {"number": complaint.number} for name in ONE}
