"""The staff list of the company: an employee a row, told apart by the employee number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import CharField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.accounts.models import User
from propman.common.sheets import Column, Sheet, SheetRow
from propman.common.text import tidy
from propman.tenancy.events import NewEvent, record_events, stream_of
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import Department, Employee, Import
from .import_rooms import PHONE
from .imports import CheckedRow, Made, Outcome, changes
from .staff import move_employee, open_department

SEXES = {
    "female": Employee.Sex.FEMALE,
    "f": Employee.Sex.FEMALE,
    "女": Employee.Sex.FEMALE,
    "male": Employee.Sex.MALE,
    "m": Employee.Sex.MALE,
    "男": Employee.Sex.MALE,
    "": Employee.Sex.NOT_SAID,
}
TEXTS = ("name", "phone", "email", "post", "contract")
EARLIEST = date(1900, 1, 1)
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass
class StaffRow:
    """What a row asks for; a field that the file leaves empty is left as it is."""

    number: str
    department: str
    joined_on: date
    fields: dict[str, object]
    there: Employee | None = None


@dataclass
class StaffImporter:
    """Employees of the current company; `today` is the day on which those without one joined."""

    today: date
    mapping: Mapping[str, Sequence[str]] | None = None
    seen: dict[int, int] = field(default_factory=dict)
    departments: dict[str, Department | None] = field(default_factory=dict)  # None: the import would open it

    kind: ClassVar[str] = Import.Kind.STAFF
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "number",
            gettext_lazy("employee number"),
            ("工号", "员工编号", "编号", "employee number", "staff number", "no"),
            True,
        ),
        Column("name", gettext_lazy("name"), ("姓名", "员工姓名", "full name"), True),
        Column("department", gettext_lazy("department"), ("部门", "所属部门", "unit"), True),
        Column("post", gettext_lazy("post"), ("岗位", "职务", "职位", "position", "job title")),
        Column("phone", gettext_lazy("phone"), ("电话", "手机", "手机号", "联系电话", "mobile", "telephone")),
        Column("email", gettext_lazy("e-mail"), ("邮箱", "电子邮箱", "电子邮件", "mail")),
        Column("sex", gettext_lazy("sex"), ("性别", "gender")),
        Column("born_on", gettext_lazy("born on"), ("出生日期", "生日", "birthday", "date of birth", "born")),
        Column("joined_on", gettext_lazy("joined on"), ("入职日期", "入职时间", "joined", "start date")),
        Column("contract", gettext_lazy("contract"), ("合同", "合同类型", "contract type")),
    )

    def lock(self) -> None:
        Company.objects.select_for_update().get(pk=current_company_id())

    def check_headings(self, sheet: Sheet) -> None:
        self.departments = {
            department.name: department for department in Department.objects.filter(closed_on=None).select_related("head")
        }

    def check(self, rows: list[SheetRow]) -> list[CheckedRow]:
        checked = [self._checked(row) for row in rows]
        numbers = [row.parsed.number for row in checked if not row.problems]
        there = {
            employee.number: employee for employee in Employee.objects.filter(number__in=numbers).select_related("department")
        }
        for row in checked:
            if not row.problems:
                self._compare(row, there.get(row.parsed.number))
        return checked

    def _checked(self, row: SheetRow) -> CheckedRow:
        checked = CheckedRow(row.line, list(row.problems))
        if checked.problems:
            return checked
        checked.parsed = StaffReader(row.cells, self.today, checked.problems).read()
        if not checked.problems:
            checked.what = f"{checked.parsed.number} {checked.parsed.fields['name']}"
            line = self.seen.setdefault(hash(checked.parsed.number), checked.line)
            if line != checked.line:
                what = {"what": checked.parsed.number, "line": line}
                checked.problems.append(_("%(what)s stands in row %(line)d already.") % what)
        return checked

    def _compare(self, row: CheckedRow, there: Employee | None) -> None:
        asked: StaffRow = row.parsed
        new_department = asked.department not in self.departments
        self.departments.setdefault(asked.department, None)
        row.counts = {"departments": int(new_department), "employees": int(there is None)}
        if there is None:
            row.outcome = Outcome.CREATE
            row.says = asked.department + (f" ({_('new department')})" if new_department else "")
            return
        if there.left_on:
            row.problems.append(_("%(number)s has left; a number is not given twice.") % {"number": asked.number})
            return
        asked.there = there
        before = {name: getattr(there, name) for name, value in asked.fields.items() if getattr(there, name) != value}
        if there.department.name != asked.department:
            before["department"] = there.department.name
        if before:
            row.outcome = Outcome.CHANGE
            row.says = ", ".join(f"{old or '-'} → {asked.fields.get(name, asked.department)}" for name, old in before.items())

    def write(self, rows: list[CheckedRow], *, by: User | None, at: datetime) -> list[Made]:
        made = Made()
        for name in sorted({row.parsed.department for row in rows}):
            if self.departments.get(name) is None:
                opened = open_department(name=name, kind=Department.Kind.OTHER, by=by, at=at)
                self.departments[name] = opened
                made.ids.setdefault("department", []).append(opened.pk)
        made.ids["employee"] = self._add([row.parsed for row in rows if row.parsed.there is None], by=by, at=at)
        made.changed["employee"] = self._change([row.parsed for row in rows if row.parsed.there], by=by, at=at)
        return [made]

    def _add(self, rows: list[StaffRow], *, by: User | None, at: datetime) -> list[int]:
        new = Employee.objects.bulk_create(
            Employee(
                company_id=current_company_id(),
                number=row.number,
                department=self.departments[row.department],
                joined_on=row.joined_on,
                **row.fields,
            )
            for row in rows
        )
        record_events(
            [NewEvent(stream_of(one), "employee.added", {"department": one.department_id}, {"name": one.name}) for one in new],
            by=by,
            at=at,
        )
        return [employee.pk for employee in new]

    def _change(self, rows: list[StaffRow], *, by: User | None, at: datetime) -> dict[int, list[object]]:
        changed: dict[int, list[object]] = {}
        employees, events = [], []
        for row in rows:
            employee = row.there
            assert employee is not None
            before, after = {}, {}
            for name, value in row.fields.items():
                if getattr(employee, name) != value:
                    before[name], after[name] = getattr(employee, name), value
                    setattr(employee, name, value)
            department = self.departments[row.department]
            if department and employee.department_id != department.pk:
                before["department_id"], after["department_id"] = employee.department_id, department.pk
                move_employee(employee=employee, department=department, by=by, at=at)
            changed[employee.pk] = changes(before, after)
            employees.append(employee)
            events.append(NewEvent(stream_of(employee), "employee.changed", {"fields": sorted(after)}))
        names = sorted({name for row in rows for name in row.fields})
        if employees and names:
            Employee.objects.bulk_update(employees, names, batch_size=500)
        record_events(events, by=by, at=at)
        return changed


@dataclass
class StaffReader:
    """Reads one row's cells; what is wrong goes to `problems`."""

    cells: Mapping[str, str]
    today: date
    problems: list[str]

    def read(self) -> StaffRow | None:
        number, department = self._required("number", 20), self._required("department", 80)
        fields: dict[str, object] = {}
        self._required("name", 80)
        for name in TEXTS:
            if text := self._tidy(name, _longest(name)):
                fields[name] = text
        self._check_reachable(fields)
        sex = SEXES.get(self.cells["sex"].casefold())
        if sex is None:
            self.problems.append(_("“%(text)s” is not a sex: female 女, male 男 or nothing.") % {"text": self.cells["sex"]})
        elif self.cells["sex"]:
            fields["sex"] = sex
        if born_on := self._date("born_on", self.today):
            fields["born_on"] = born_on
        joined_on = self._date("joined_on", None) or self.today
        return None if self.problems else StaffRow(number, department, joined_on, fields)

    def _required(self, name: str, longest: int) -> str:
        text = self._tidy(name, longest)
        if not text and not self.problems:
            label = next(column.label for column in StaffImporter.columns if column.name == name)
            self.problems.append(_("This is missing: %(label)s.") % {"label": label})
        return text

    def _tidy(self, name: str, longest: int) -> str:
        try:
            return tidy(self.cells[name], longest=longest)
        except ValidationError as error:
            if error.messages[0] not in self.problems:
                self.problems.extend(error.messages)
            return ""

    def _check_reachable(self, fields: dict[str, object]) -> None:
        phone, email = str(fields.get("phone", "")), str(fields.get("email", ""))
        if phone and not PHONE.fullmatch(phone):
            self.problems.append(_("“%(phone)s” is not a phone number.") % {"phone": phone})
        try:
            if email:
                validate_email(email)
        except ValidationError:
            self.problems.append(_("“%(email)s” is not an e-mail address.") % {"email": email})

    def _date(self, name: str, latest: date | None) -> date | None:
        text = self.cells[name]
        if not text:
            return None
        try:
            found = date(*map(int, parts.groups())) if (parts := DAY.fullmatch(text)) else EARLIEST
        except ValueError:
            found = EARLIEST
        if found <= EARLIEST or (latest and found > latest):
            self.problems.append(_("“%(text)s” is not a date such as 2026-03-31.") % {"text": text})
        return found


def _longest(name: str) -> int:
    field = Employee._meta.get_field(name)
    return field.max_length or 80 if isinstance(field, CharField) else 80
