from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.common.text import legible
from propman.tenancy.events import record_event
from propman.tenancy.scope import current_company_id

from ..models import AppraisalStandard, Criterion
from ..scoring import CRITERIA


@dataclass(frozen=True)
class NewCriterion:
    name: str
    meaning: str


@transaction.atomic
def publish_standard(*, criteria: Sequence[NewCriterion], by: User | None, at: datetime) -> AppraisalStandard:
    """Publish the five criteria; they bind every quarter that begins later, never one that has begun.

    Raises ValueError unless there are five different names.
    """
    if len({legible(criterion.name) for criterion in criteria}) != CRITERIA or len(criteria) != CRITERIA:
        raise ValueError(_("A standard has five criteria with different names."))
    standard = AppraisalStandard.objects.create(published_at=at, published_by=by)
    Criterion.objects.bulk_create(
        Criterion(
            company_id=current_company_id(),
            standard=standard,
            position=position,
            name=legible(new.name),
            meaning=legible(new.meaning),
        )
        for position, new in enumerate(criteria, start=1)
    )
    record_event(
        "appraisal_standard.published", standard, by=by, at=at, facts={"criteria": [[c.name, c.meaning] for c in criteria]}
    )
    return standard
