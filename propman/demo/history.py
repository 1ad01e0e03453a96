"""What the town's company wrote down before it had the portal: a file of its old system, brought in as any company would."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from random import Random

from complaints.models import ClockPolicy
from complaints.services.import_complaints import import_complaints, read_mapping
from propman.tenancy.scope import company_scope

from .complaints import set_up
from .texts import CATEGORIES, TROUBLES
from .town import Town

ROWS = 60
HEADING = ("编号", "时间", "办结", "期限", "类别", "事由", "房屋", "小区", "渠道", "状态")
MAPPING = {
    "source": "ledger2025",
    "columns": {
        "number": "编号", "opened": "时间", "closed": "办结", "due": "期限", "category": "类别", "title": "事由",
        "place": "房屋", "community": "小区", "channel": "渠道", "state": "状态",
    },
    "times": {"zone": "Asia/Shanghai", "formats": ["%Y/%m/%d %H:%M", "%Y/%m/%d"]},
    "states": {"open": "未办", "closed": "已办"},
    "channels": {"phone": "电话", "visit": "来访"},
}  # fmt: skip


def bring_history(town: Town) -> None:
    """Import the year before the portal: closed long ago, and seldom on time."""
    with company_scope(town.company.pk):
        if not ClockPolicy.objects.exists():
            set_up(town)
        known = {trouble.category for trouble in TROUBLES}
        mapping = {
            **MAPPING,
            "categories": {code: name_zh for code, _name, name_zh, _icon in CATEGORIES if code in known},
            "communities": {place.community.address: place.community.name for place in town.places},
        }
        done = import_complaints(file=BytesIO(ledger(town).encode()), mapping=read_mapping(mapping), by=None, at=town.begins_at)
        town.made["complaints of before"] += done.created


def ledger(town: Town) -> str:
    """The old system's file; the day of closing often without an hour, as people write it."""
    names = {code: name_zh for code, _name, name_zh, _icon in CATEGORIES}
    chance = Random(f"{town.seed}:ledger")  # noqa: S311 - a town is no secret
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADING)
    for n in range(ROWS):
        trouble, place = chance.choice(TROUBLES), chance.choice(town.places)
        opened = town.begins_at - timedelta(days=chance.randint(40, 360), minutes=chance.randint(0, 1439))
        closed = opened + timedelta(hours=chance.randint(2, 160))
        pattern = chance.choice(("%Y/%m/%d %H:%M", "%Y/%m/%d"))
        writer.writerow(
            (
                f"TS-{n + 1:04d}", f"{opened:%Y/%m/%d %H:%M}", closed.strftime(pattern),
                f"{opened + timedelta(days=3):%Y/%m/%d}", names[trouble.category], trouble.title,
                f"{chance.randint(1, 3)}-{chance.randint(1, 2)}-{chance.randint(1, 6):02d}01", place.community.name,
                chance.choice(("电话", "来访")), "已办",
            )
        )  # fmt: skip
    return file.getvalue()
