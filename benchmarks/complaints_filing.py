"""A complaint filed over HTTP by a signed-in owner, beside a lean Django view of the same shape."""

import random
from datetime import timedelta
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone

from benchmarks.measure import Figure
from benchmarks.scratch import analyze, owner_cursor
from benchmarks.serving import CONNECTIONS, Post, rate_of
from complaints.models import Complaint
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_category, make_policy
from tests.factories.people import make_employee, make_resident
from tests.factories.places import make_community, make_company, make_department, make_household

OWNERS, COMPLAINTS = 200, 800

LAY_OUT = """
    CREATE TABLE bench_contact (id bigserial PRIMARY KEY, title varchar(120), text text);
    CREATE TABLE bench_complaint (
        id bigserial PRIMARY KEY, contact_id bigint REFERENCES bench_contact, severity varchar(16),
        filed_at timestamptz DEFAULT now()
    );
    GRANT SELECT, INSERT ON bench_contact, bench_complaint TO propman_app;
    GRANT USAGE ON bench_contact_id_seq, bench_complaint_id_seq TO propman_app
"""


def signed_in(user: User) -> str:
    """The session cookie of somebody who signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def post(path: str, cookies: str, fields: dict[str, object], expects: int) -> Post:
    token = _get_new_csrf_string()
    cookies = f"{cookies}; {settings.CSRF_COOKIE_NAME}={token}"
    return Post(path, urlencode(fields | {"csrfmiddlewaretoken": token}), cookies, expects)


def run() -> list[Figure]:
    """Both are POSTs with a session of 200 owners; ours answers with the way to the receipt, the floor with its page."""
    company = make_company("filing")
    community = make_community(company, "willow")
    office = make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=community, name="Office")
    make_employee(office, Role.DEPARTMENT_HEAD, name="Head")
    with company_scope(company.pk):
        category = make_category()
        make_policy(timezone.now() - timedelta(days=2))
    homes = [make_household(community) for _home in range(OWNERS)]
    cookies = [signed_in(make_resident(home, Role.OWNER)) for home in homes]
    analyze()
    choose = random.Random(7)
    ours, lean = [], []
    for n in range(COMPLAINTS + 1):
        owner = choose.randrange(OWNERS)
        words = {"title": f"Water from the ceiling {n}", "text": "It drips on the bed. " * 20, "severity": "normal"}
        fields = words | {"category": category.pk, "household": homes[owner].pk, "where": "home", "phone": "021-5550-0100"}
        ours.append(post("/filing/complaints/new/", cookies[owner], fields, 302))
        lean.append(post("/", cookies[owner], words, 200))
    with owner_cursor() as cursor:
        cursor.execute(LAY_OUT)
    rates: dict[str, list[float]] = {"propman.wsgi": [], "benchmarks.lean": []}
    half = len(ours) // 2
    for part in (slice(0, half), slice(half, None)):
        rates["propman.wsgi"].append(rate_of("propman.wsgi", ours[part]))
        rates["benchmarks.lean"].append(rate_of("benchmarks.lean", lean[part]))
    with owner_cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_complaint")
        is_lean_whole = cursor.fetchone()[0] == len(lean)
        cursor.execute("DROP TABLE bench_complaint, bench_contact")
    with company_scope(company.pk):
        is_whole = Complaint.objects.count() == len(ours)
    value, floor = max(rates["propman.wsgi"]), max(rates["benchmarks.lean"])
    return [
        Figure(
            f"file over HTTP, {CONNECTIONS} connections",
            value,
            "/s",
            floor,
            "0.3 or more of a lean view with two INSERTs",
            is_whole and is_lean_whole and value >= 0.3 * floor,
        )
    ]
