"""Complaints are found by rows: the asker's own, the department's, the centre's."""

from complaints.api import TAKES
from complaints.workflow import Verb
from tests.factories.complaints import make_complaint, make_policy
from tests.factories.files import new_photo

FILES = ["photo", "attachment", "preview"]
PUBLIC = {"complaints:follow", "complaints:follow_act", *(f"complaints:follow_{name}" for name in FILES)}
EVERY_MEMBER = {"complaints:mine"}
ONE = [*FILES, "detail", "receipt", "verdict", *(verb.value for verb in Verb if verb not in {Verb.RESUME, Verb.CLOSE})]
API = ["detail", "thread", "files", "content", *(verb.value.replace("_", "-") for verb in TAKES)]
EVERY_MEMBER |= {"api-complaint-list", "api-complaint-take-next"}  # the first shows each his own, the second refuses by words
FORBIDDEN = {f"complaints:{name}": ["rival_owner", "official"] for name in ONE} | {
    f"api-complaint-{name}": ["rival_owner", "official"] for name in API
}


def samples(cast) -> dict[str, dict]:
    make_policy()
    complaint = make_complaint(household=cast.household, files=[new_photo()])
    photo = complaint.attachments.get().pk
    by_number = {"number": complaint.number, "pk": photo}
    names = [f"complaints:{name}" for name in ONE] + [f"api-complaint-{name}" for name in API]
    return {name: {"number": complaint.number} for name in names} | {
        **{f"complaints:{name}": by_number for name in FILES},
        **{f"complaints:follow_{name}": {"pk": photo} for name in FILES},
        "api-complaint-content": by_number,
        "complaints:macros_for": {"number": complaint.number},
        "complaints:retire_macro": {"pk": 1},
        "complaints:bulk_run": {"pk": 1},
        "complaints:export": {"pk": 1},
        "complaints:export_file": {"pk": 1},
        "complaints:take_shift": {"pk": 1},
        "complaints:remove_view": {"pk": 1},
        "complaints:intake_done": {"number": complaint.number},
    }
