"""A small lived-in world for the pages: one owner's complaints in every state that a page draws differently."""

from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
from django.utils import timezone

from complaints import services
from complaints.models import Category, Complaint
from complaints.services.policies import set_up_complaints
from propman.accounts.models import User
from propman.announcements.models import Announcement
from propman.announcements.selectors import Places
from propman.announcements.services import (
    NewAnnouncement,
    correct_announcement,
    withdraw_announcement,
    write_announcement,
)
from propman.common.uploads import NewFile
from propman.community.models import Employee, Household
from propman.demo.pictures import photo
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_complaint
from tests.factories.files import new_document

TITLES = {
    "late": "垃圾三天没有清运",
    "fresh": "车库大门夜间不关",
    "offered": "卫生间顶棚漏水",
    "answered": "东门门灯不亮",
    "resolved": "二号电梯停在两层之间",
    "waiting": "阳台地漏返味",
    "confirmed": "水泵房夜间噪声",
}
TEXT = "今天早上发现的，请尽快派人来看。谢谢。"


@pytest.fixture
def world(company: Company, household: Household, owner: User, agent: User, head: User, manager: User) -> dict[str, Complaint]:
    """The complaints by the state they are in."""
    now = timezone.now()
    with company_scope(company.pk):
        set_up_complaints(by=None, at=now - timedelta(days=40))
        at_centre, in_office = (Employee.objects.get(user=user) for user in (agent, head))
        filed = {
            "late": file(household, "cleaning", "late", now - timedelta(hours=2)),
            "fresh": file(household, "safety", "fresh", now - timedelta(minutes=4)),
            "offered": file(household, "water", "offered", now - timedelta(minutes=20), files=[drawn("water"), new_document()]),
            "answered": file(household, "power", "answered", now - timedelta(hours=3)),
            "resolved": file(household, "lift", "resolved", now - timedelta(hours=6), files=[drawn("lift"), drawn("power")]),
            "waiting": file(household, "water", "waiting", now - timedelta(hours=8)),
            "confirmed": file(household, "noise", "confirmed", now - timedelta(days=9)),
        }
        for name in ("offered", "answered", "resolved", "waiting", "confirmed"):
            accepted_at = filed[name].received_at + timedelta(minutes=6)
            services.accept_complaint(complaint=filed[name], by=at_centre, at=accepted_at)
        hand_over(filed["offered"], at_centre, in_office, at=now - timedelta(minutes=9))
        services.note_on_complaint(
            complaint=filed["offered"], by=at_centre, at=now, text="楼上周五前不在家，女儿有钥匙。", files=[drawn("safety")]
        )
        promise = services.Responsible(name=in_office.name, phone=in_office.phone, by=now + timedelta(hours=4))
        services.answer_complaint(
            complaint=filed["answered"], by=at_centre, at=now - timedelta(hours=2), text="已安排电工。", responsible=promise
        )
        services.urge_complaint(complaint=filed["answered"], by=owner, at=now - timedelta(minutes=30))
        services.resolve_complaint(
            complaint=filed["resolved"],
            by=at_centre,
            at=now - timedelta(minutes=50),
            text="门传感器已更换，请试乘一次。",
            files=[drawn("lift", is_right=True)],
        )
        services.wait_for_asker(
            complaint=filed["waiting"], by=at_centre, at=now - timedelta(hours=5), text="明天上午方便上门吗？"
        )
        eight_days_ago = now - timedelta(days=8)
        services.resolve_complaint(complaint=filed["confirmed"], by=at_centre, at=eight_days_ago, text="已加装减震垫。")
        services.confirm_complaint(complaint=filed["confirmed"], by=owner, at=eight_days_ago + timedelta(hours=2))
        announce(household, in_office, now)
    return filed


def announce(household: Household, speaker: Employee, now: datetime) -> None:
    """What the office tells: one that holds, one to come in the owner's building, one corrected, one withdrawn."""

    def tell(kind: str, title: str, text: str, begins: int, ends: int | None, **more: Any) -> Announcement:
        told = NewAnnouncement(
            kind, title, text, now + timedelta(hours=begins), now + timedelta(hours=ends) if ends else None, **more
        )
        return write_announcement(
            new=told, to=everybody, department=speaker.department, by=speaker.user, at=now - timedelta(hours=3)
        )

    everybody = Places(communities=frozenset({household.community_id}))
    building = Places(buildings=frozenset({household.room.entrance.building_id}))
    tell("water", "水泵更换，全小区停水", "更换二次供水水泵。\n请提前储水，恢复后先放水一分钟。", -1, 2, is_urgent=True)
    wrong = tell("lift", "二号电梯检修", "年度检验，请走楼梯或一号电梯。", 20, 22)
    withdrawn = tell("power", "配电房检修", "预计停电一小时。", 30, 31)
    withdraw_announcement(announcement=withdrawn, reason="供电公司改期。", by=speaker.user, at=now - timedelta(hours=2))
    right = NewAnnouncement(
        "lift", "二号电梯检修", "年度检验，请走楼梯或一号电梯。", now + timedelta(hours=20), now + timedelta(hours=24)
    )
    correct_announcement(
        announcement=wrong,
        new=right,
        to=everybody,
        correction="检验要四个小时，不是两个小时。",
        department=speaker.department,
        by=speaker.user,
        at=now - timedelta(hours=1),
    )
    write_announcement(
        new=NewAnnouncement("other", "门厅粉刷", "请勿触摸墙面。", now + timedelta(hours=40)),
        to=building,
        department=speaker.department,
        by=speaker.user,
        at=now,
        publish_at=now + timedelta(hours=9),
    )


def file(household: Household, category: str, name: str, at: datetime, **given: Any) -> Complaint:
    return make_complaint(
        household=household, category=Category.objects.get(code=category), title=TITLES[name], text=TEXT, at=at, **given
    )


def drawn(category: str, *, is_right: bool = False) -> NewFile:
    return replace(photo(category, is_right), name=f"照片 {category}.jpg", salt=token_hex(16))


def hand_over(complaint: Complaint, giver: Employee, receiver: Employee, *, at: datetime) -> None:
    services.hand_over_complaint(complaint=complaint, by=giver, to_employee=receiver, reason="需要带梯子的水工", at=at)
