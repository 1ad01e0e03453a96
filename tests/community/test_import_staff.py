import io
import json
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from propman.community.models import Department, Employee
from propman.community.services.import_staff import StaffImporter
from propman.community.services.imports import RowsRefused, StillReferredTo, run_import, undo_import
from propman.community.services.staff import end_employment, name_head
from propman.tenancy.events import broken_links
from propman.tenancy.scope import company_scope

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
ACT = {"by": None, "at": AT}
GOOD = (
    "工号,姓名,部门,岗位,电话,邮箱,性别,出生日期,入职日期\n"
    "A001,林佳,工程部,班长,13800000001,lin@example.test,女,1990/5/2,2020年3月1日\n"
    "A002,王伟,工程部,,,,男,,\n"
    "A003,陈静,客服部,,,,,,\n"
)


def bring(content: str, **kwargs):
    importers = [StaffImporter(AT.date()) for _n in range(2)]
    return run_import(
        importer=importers[0], again=importers[1], file=io.BytesIO(content.encode()), file_name="staff.csv", **ACT, **kwargs
    )


def test_staff_list_becomes_employees_and_departments(scope):
    plan, _done = bring(GOOD)
    assert (plan.created, plan.also) == (3, {"departments": 2, "employees": 3})
    first = Employee.objects.select_related("department").get(number="A001")
    assert (first.department.name, first.sex, first.born_on) == ("工程部", "female", date(1990, 5, 2))
    assert Employee.objects.get(number="A002").joined_on == AT.date()
    assert list(broken_links("employee:")) == []


def test_importing_staff_again_changes_nothing(scope):
    content = GOOD
    bring(content)
    plan, done = bring(content)
    assert (plan.created, plan.changed, plan.left, done) == (0, 0, 3, None)
    assert Department.objects.count() == 2


def test_changed_staff_list_changes_and_is_undone(scope):
    _plan, first = bring("number,name,department,phone\n1,Lin,Engineering,13800000001\n2,Wang,Engineering,\n")
    plan, second = bring("number,name,department,phone\n1,Lin Jia,Desk,\n2,Wang,Engineering,\n3,New,Desk,\n")
    assert (plan.created, plan.changed, plan.left) == (1, 1, 1)
    lin = Employee.objects.select_related("department").get(number="1")
    assert (lin.name, lin.department.name, lin.phone) == ("Lin Jia", "Desk", "13800000001")
    undo_import(done=second, **ACT)
    lin = Employee.objects.select_related("department").get(number="1")
    assert (lin.name, lin.department.name) == ("Lin", "Engineering")
    assert not Department.objects.filter(name="Desk").exists()
    undo_import(done=first, **ACT)
    assert not Employee.objects.exists()


def test_undo_is_refused_once_an_employee_heads_a_department(scope):
    _plan, done = bring("number,name,department\n1,Lin,Engineering\n")
    name_head(department=Department.objects.get(), head=Employee.objects.get(), **ACT)
    with pytest.raises(StillReferredTo):
        undo_import(done=done, **ACT)
    assert Employee.objects.exists()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",Lin,Desk,,,,", "employee number"),
        ("9,,Desk,,,,", "missing: name"),
        ("9,Lin,,,,,", "missing: department"),
        ("1,Again,Desk,,,,", "stands in row 2 already"),
        ("9,Lin,Desk,call,,,", "not a phone"),
        ("9,Lin,Desk,,nowhere,,", "not an e-mail"),
        ("9,Lin,Desk,,,other,", "not a sex"),
        ("9,Lin,Desk,,,,31/12/1990", "not a date"),
        ("9,Lin,Desk,,,,2027-01-01", "not a date"),
        ("9,=1+1,Desk,,,,", "formula"),
        (f"9,{'L' * 81},Desk,,,,", "81 characters"),
        ("9,Li\u202en,Desk,,,,", "direction"),
        ("7,Gone,Desk,,,,", "has left"),
    ],
)
def test_bad_staff_row_is_named_and_nothing_is_written(scope, row, says):
    bring("number,name,department\n7,Gone,Desk\n")
    end_employment(employee=Employee.objects.get(), **ACT)
    with pytest.raises(RowsRefused) as refused:
        bring(f"number,name,department,phone,email,sex,born\n1,Wang,New,,,,\n{row}\n")
    (problem,) = refused.value.plan.problems
    assert problem["line"] == 3
    assert says in " ".join(problem["says"])
    assert Employee.objects.count() == 1
    assert not Department.objects.filter(name="New").exists()


def test_many_staff_take_few_statements(scope, django_assert_max_num_queries):
    rows = "".join(f"{n},Person {n},Department {n % 5}\n" for n in range(500))
    with django_assert_max_num_queries(60):
        bring(f"number,name,department\n{rows}")
    assert Employee.objects.count() == 500


def test_staff_command_imports_into_its_company_only(company, rival_company, tmp_path, capsys):
    path = tmp_path / "staff.csv"
    path.write_bytes(GOOD.encode("gb18030"))
    call_command("import_staff", "lanting", str(path), "--json")
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["created"] == 3
    with company_scope(rival_company.pk):
        assert not Employee.objects.exists()
    with pytest.raises(CommandError, match="no company"):
        call_command("import_staff", "nobody", str(path))
