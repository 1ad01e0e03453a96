"""Complaints are found by rows: the asker's own, the department's, the centre's."""

from datetime import timedelta
from io import BytesIO

from complaints import services
from complaints.api import TAKES
from complaints.models import CallBack, LogEntry
from complaints.order_api import TAKES as ORDER_TAKES
from complaints.order_workflow import OrderVerb
from complaints.services.drawing import draw_call_backs
from complaints.services.reconciling import reconcile_file
from complaints.services.sealing import make_head
from complaints.workflow import Verb
from propman.tenancy.models import Company
from tests.factories.complaints import START, make_complaint, make_order, make_order_done, make_policy
from tests.factories.files import new_photo

FILES = ["photo", "attachment", "preview"]
PUBLIC = {
    *(f"complaints:follow_{name}" for name in FILES),
    "complaints:follow",
    "complaints:follow_act",
    "complaints:heads",
    "complaints:head",
    "complaints:verify_heads",
    "complaints_public:register",
}
EVERY_MEMBER = {"complaints:mine"}
ONE = [*FILES, "detail", "receipt", "verdict", *(verb.value for verb in Verb if verb not in {Verb.RESUME, Verb.CLOSE})]
API = ["detail", "thread", "files", "content", *(verb.value.replace("_", "-") for verb in TAKES)]
EVERY_MEMBER |= {"api-complaint-list", "api-complaint-take-next"}  # the first shows each his own, the second refuses by words
ORDER = ["work_order", *(f"{verb.value}_order" for verb in OrderVerb)]
FORBIDDEN = {f"complaints:{name}": ["rival_owner", "official"] for name in ONE} | {
    f"api-complaint-{name}": ["rival_owner", "official"] for name in API
}

DAY = START.date()


def counted(cast) -> tuple[LogEntry, CallBack]:
    """A list with one entry, and a call-back that was drawn."""
    company = Company.objects.get(pk=cast.community.company_id)
    withdrawn = make_complaint(household=cast.household, at=START + timedelta(hours=2))
    services.withdraw_complaint(complaint=withdrawn, by=None, at=START + timedelta(hours=3))
    at = START + timedelta(days=1)
    draw_call_backs(company=company, head=make_head(company=company, day=DAY, at=at), at=at)
    file = BytesIO(f"time,phone,office\n2026-03-02 16:03:10,13800138000,{cast.community.address}\n".encode())
    reconcile_file(company=company, source="phone", file=file, file_name="calls.csv", mapping="", by=None, at=at)
    return LogEntry.objects.get(), CallBack.objects.get()


def samples(cast) -> dict[str, dict]:
    make_policy()
    complaint = make_complaint(household=cast.household, files=[new_photo()])
    order = make_order(complaint, department=cast.office, by=cast.agent)
    done = make_order_done(make_order(complaint, department=cast.office, by=cast.agent), by=cast.head, files=[new_photo()])
    of_order = {"number": done.number, "pk": done.attachments.get().pk}
    photo = complaint.attachments.get(work_order=None).pk
    by_number = {"number": complaint.number, "pk": photo}
    entry, call_back = counted(cast)
    names = [f"complaints:{name}" for name in ONE] + [f"api-complaint-{name}" for name in API]
    return {name: {"number": complaint.number} for name in names} | {
        **{f"complaints:{name}": by_number for name in FILES},
        **{f"complaints:follow_{name}": {"pk": photo} for name in FILES},
        "api-complaint-content": by_number,
        **{f"complaints:{name}": {"number": order.number} for name in ORDER},
        **{
            f"api-work-order-{name}": {"number": order.number}
            for name in ["detail", "files", *(one for one, *_rest in ORDER_TAKES.values())]
        },
        **{f"complaints:order_{name}": of_order for name in FILES},
        "api-work-order-content": of_order,
        "complaints:erase_file": by_number,
        "complaints:macros_for": {"number": complaint.number},
        "complaints:retire_macro": {"pk": 1},
        "complaints:bulk_run": {"pk": 1},
        "complaints:export": {"pk": 1},
        "complaints:export_file": {"pk": 1},
        "complaints:take_shift": {"pk": 1},
        "complaints:remove_view": {"pk": 1},
        "complaints:intake_done": {"number": complaint.number},
        "complaints:head": {"day": DAY.isoformat()},
        "complaints_public:register": {"community": cast.community.address},
        "complaints:not_reached": {"pk": call_back.pk},
        **{f"complaints:log_{name}": {"pk": entry.log_import_id} for name in ("import", "confirm", "forget", "withdraw")},
        **{f"complaints:log_{name}": {"pk": entry.pk} for name in ("match", "explain", "missing", "reopen")},
    }
