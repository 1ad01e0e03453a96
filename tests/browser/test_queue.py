"""The queue at the desk: every key, two agents in one complaint, rows that come in, the phone."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints import services
from complaints.jobs import carry_out_bulk_run
from complaints.models import BulkRun, Complaint
from complaints.selectors import VIEWS
from complaints.services.macros import keep_macro
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.browser.checks import assert_accessible
from tests.browser.conftest import PageAs
from tests.browser.desk import QUEUE, TITLES, File, focus_is_kept, opened
from tests.factories import make_employee


def test_j_and_k_move_through_the_list_and_keep_the_place(desk: Page) -> None:
    for key, title in [("j", TITLES[0]), ("j", TITLES[1]), ("j", TITLES[2]), ("k", TITLES[1])]:
        desk.keyboard.press(key)
        opened(desk, title)
        focus_is_kept(desk)
    assert re.search(r"complaints/\d{4}-000002/", desk.url)
    desk.go_back()
    opened(desk, TITLES[2])


def test_n_takes_the_most_urgent_and_says_so(desk: Page) -> None:
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    expect(desk.locator(".pm-case__says")).to_contain_text("Yours now")
    focus_is_kept(desk)


def test_a_accepts_the_open_one_and_renews_its_row(desk: Page) -> None:
    desk.keyboard.press("j")
    opened(desk, TITLES[0])
    expect(desk.locator("[data-rows] .is-unread")).to_have_count(3)
    desk.keyboard.press("a")
    expect(desk.locator(".pm-case__says")).to_contain_text("Done: Accept")
    expect(desk.locator("[data-rows] .is-unread")).to_have_count(2)
    focus_is_kept(desk)


def test_r_types_a_reply_and_ctrl_enter_sends_it(desk: Page) -> None:
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    desk.keyboard.press("r")
    desk.keyboard.type("njk? The fitter is on the way.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-case__says")).to_contain_text("Done: Answer")
    expect(desk.locator(".pm-log")).to_contain_text("njk? The fitter is on the way.")
    expect(desk.locator("#id_text")).to_have_value("")
    focus_is_kept(desk)
    desk.keyboard.press("j")
    opened(desk, TITLES[1])


def test_h_hands_over_without_leaving_the_queue(desk: Page, head: User) -> None:
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    desk.keyboard.press("h")
    expect(desk.locator("#act select").first).to_be_focused()
    desk.locator("#act [name=to_employee]").select_option(label="Head, Willow office")
    desk.locator("#act [name=reason]").fill("Needs a ladder")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-relay")).to_contain_text("Head, Willow office")
    expect(desk.locator(".pm-queue__list")).to_be_visible()
    focus_is_kept(desk)


def test_i_notes_for_colleagues_only(desk: Page) -> None:
    desk.keyboard.press("j")
    opened(desk, TITLES[0])
    desk.keyboard.press("i")
    desk.keyboard.type("The daughter has a key.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-note")).to_contain_text("The daughter has a key.")
    focus_is_kept(desk)


def test_slash_searches_and_escape_comes_back_to_the_list(desk: Page) -> None:
    desk.keyboard.press("/")
    expect(desk.locator("#q")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-rows] .pm-row").first).to_be_focused()
    desk.keyboard.press("/")
    desk.keyboard.type("gate")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-rows] .pm-row")).to_have_count(1)
    assert "q=gate" in desk.url


def test_g_and_each_digit_go_to_a_view(desk: Page) -> None:
    expect(desk.locator("#view-count")).to_have_text("3")
    for digit, view in enumerate(VIEWS[:9], start=1):
        desk.keyboard.press("g")
        desk.keyboard.press(str(digit))
        desk.wait_for_url(f"**view={view}")
        expect(desk.locator("[data-view][aria-current]")).to_have_attribute("href", f"{QUEUE}?view={view}")


def test_keys_rest_while_something_is_typed(desk: Page) -> None:
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    address = desk.url
    for field in ("#id_text", "#note", "#q"):
        desk.locator(field).focus()
        desk.keyboard.type("njkarhwmigx.g5?/")
        expect(desk.locator(field)).to_have_value("njkarhwmigx.g5?/")
        expect(desk.locator(field)).to_be_focused()
    expect(desk.locator("#keys")).to_be_hidden()
    expect(desk.locator("#act")).to_be_empty()
    opened(desk, TITLES[0])
    assert desk.url == address


def test_switched_off_no_single_key_acts_and_sending_still_does(desk: Page) -> None:
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    desk.keyboard.press("?")
    desk.locator("[data-keys-off]").check()
    desk.keyboard.press("Escape")
    desk.locator("[data-rows] .pm-row").first.focus()
    for key in "jkarhwmix./?ng5":
        desk.keyboard.press(key)
    opened(desk, TITLES[0])
    expect(desk.locator("#act")).to_be_empty()
    expect(desk.locator("#keys")).to_be_hidden()
    desk.locator("#note").fill("The daughter has a key.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-note")).to_contain_text("The daughter has a key.")


def test_question_mark_lists_the_keys_and_they_can_be_switched_off(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_visible()
    assert_accessible(desk)
    desk.locator("[data-keys-off]").check()
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    expect(desk.locator("#case[data-number]")).to_have_count(0)


def test_what_comes_in_is_told_and_moves_the_list_only_on_demand(desk: Page, file: File) -> None:
    desk.keyboard.press("j")
    opened(desk, TITLES[0])
    file("Rubbish not collected", minutes=60)  # it will stand first
    expect(desk.locator("#queue-new")).to_contain_text("1 new", timeout=4000)
    expect(desk.locator("[data-rows] .pm-row")).to_have_count(3)
    expect(desk.locator("[data-rows] .pm-row").first).to_contain_text(TITLES[0])
    desk.keyboard.press(".")
    expect(desk.locator("[data-rows] .pm-row")).to_have_count(4)
    expect(desk.locator("[data-rows] .pm-row").first).to_contain_text("Rubbish not collected")
    opened(desk, TITLES[0])
    focus_is_kept(desk)
    assert_accessible(desk)


def test_what_others_do_is_renewed_in_place_while_somebody_reads_and_types(
    desk: Page, file: File, company: Company, centre: Department
) -> None:
    desk.set_viewport_size({"width": 1280, "height": 420})
    for number in range(8):
        file(f"Lamp {number} is dark", minutes=5)
    desk.reload()
    desk.keyboard.press("j")
    opened(desk, TITLES[0])
    desk.keyboard.press("i")
    desk.keyboard.type("The daughter ")
    scroller = desk.locator("[data-rows]")
    scroller.evaluate("list => { list.scrollTop = 90 }")
    before = scroller.evaluate("list => [list.scrollTop, ...Array.from(list.querySelectorAll('.pm-row'), row => row.id)]")
    colleague = make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue")
    with company_scope(company.pk):
        other = Complaint.objects.get(words__title=TITLES[1])
        by = Employee.objects.get(user=colleague)
        services.note_reader(complaint=other, by=by, at=timezone.now() + timedelta(seconds=30), is_typing=False)
        services.accept_complaint(complaint=other, by=by, at=timezone.now())
    row = desk.locator(f"#row-{other.number}")
    expect(row).to_contain_text("Dong Yue", timeout=6000)
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the clocks are asked for each minute, and now
    expect(row).not_to_have_class(re.compile("is-unread"), timeout=6000)
    expect(row).to_contain_text("first answer")
    desk.keyboard.type("has a key.")
    expect(desk.locator("#note")).to_have_value("The daughter has a key.")
    expect(desk.locator("#note")).to_be_focused()
    after = scroller.evaluate("list => [list.scrollTop, ...Array.from(list.querySelectorAll('.pm-row'), row => row.id)]")
    assert after == before


def test_two_agents_in_one_complaint_see_each_other_and_lose_no_draft(
    desk: Page, page_as: PageAs, centre: Department, company: Company
) -> None:
    other = page_as(make_employee(centre, Role.CENTRE_AGENT, name="Dong Yue"), QUEUE)
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    path = desk.url.partition("?")[0]
    other.goto(path)
    expect(desk.locator("#look")).to_contain_text("Dong Yue is reading this", timeout=6000)
    expect(other.locator("#look")).to_contain_text("Agent is reading this", timeout=6000)
    desk.keyboard.press("r")
    desk.keyboard.type("We come at three.")
    expect(other.locator("#look")).to_contain_text("Agent is writing", timeout=6000)
    other.locator("#id_text").fill("We come at four.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-log")).to_contain_text("We come at three.")
    expect(other.locator("#arrived")).to_contain_text("We come at three.", timeout=6000)
    expect(other.locator("#id_text")).to_have_value("We come at four.")
    other.locator("#id_text").press("Control+Enter")
    expect(other.locator("#errors")).to_contain_text("wrote while you did")
    expect(other.locator("#arrived")).to_contain_text("We come at three.")
    expect(other.locator("#id_text")).to_have_value("We come at four.")
    assert_accessible(other)
    with company_scope(company.pk):
        assert Complaint.objects.get(number=path.split("/")[-2]).event_position == 3


def test_draft_outlives_leaving_and_a_server_that_does_not_answer(desk: Page) -> None:
    desk = desk.context.new_page()  # whose faults are meant
    desk.goto(QUEUE)
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    desk.keyboard.press("r")
    desk.keyboard.type("The fitter comes at three.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    opened(desk, TITLES[1])
    desk.keyboard.press("k")
    opened(desk, TITLES[0])
    expect(desk.locator("#id_text")).to_have_value("The fitter comes at three.")
    desk.route("**/answer/", lambda route: route.abort())
    desk.locator("#id_text").focus()
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_text("Not sent")).to_be_visible()
    desk.unroute("**/answer/")
    desk.reload()
    expect(desk.locator("#id_text")).to_have_value("The fitter comes at three.")
    desk.locator("#id_text").focus()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".pm-log")).to_contain_text("The fitter comes at three.")
    desk.reload()
    expect(desk.locator("#id_text")).to_have_value("")


def test_phone_shows_one_pane_at_a_time(desk: Page) -> None:
    desk.set_viewport_size({"width": 360, "height": 740})
    desk.reload()
    desk.locator("[data-rows] .pm-row").first.click()
    expect(desk.locator("#case h2")).to_have_text(TITLES[0])
    expect(desk.locator(".pm-queue__list")).to_be_hidden()
    assert_accessible(desk)
    desk.locator("#case form button.btn-primary", has_text="Accept").click()
    expect(desk.locator(".pm-case__says")).to_contain_text("Done: Accept")
    desk.locator("#id_text").fill("The fitter is on the way.")
    desk.get_by_role("button", name="Send the answer").click()
    expect(desk.locator(".pm-log")).to_contain_text("The fitter is on the way.")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    desk.locator(".pm-back").click()
    expect(desk.locator(".pm-queue__list")).to_be_visible()
    assert_accessible(desk)


def test_skip_of_the_next_one_needs_a_reason(desk: Page, agent: User, company: Company) -> None:
    desk.get_by_text("Skip the next one").click()
    desk.get_by_role("button", name="Skip it, take the one after").click()
    expect(desk.locator("#skip-reason")).to_be_focused()
    desk.locator("#skip-reason").fill("The caller is my cousin.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#case h2")).to_have_text(TITLES[1])
    with company_scope(company.pk):
        first = Complaint.objects.get(number__endswith="-000001")
        assert services.take_next_complaint(by=Employee.objects.get(user=agent), at=timezone.now()) != first


def test_m_puts_ready_made_words_into_the_reply(desk: Page, company: Company) -> None:
    with company_scope(company.pk):
        keep_macro(name="On the way", kind="solution", text="Dear {name}, we are on the way.")
    desk.keyboard.press("n")
    opened(desk, TITLES[0])
    desk.keyboard.press("m")
    expect(desk.get_by_role("button", name="On the way")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#id_text")).to_have_value("Dear Owner, we are on the way.")
    expect(desk.locator("#id_text")).to_be_focused()


def test_x_chooses_several_and_shows_what_came_of_each(desk: Page, company: Company) -> None:
    desk.keyboard.press("x")
    desk.get_by_role("button", name="All on this page").click()
    desk.locator("#bulk-verb").select_option("note")
    desk.get_by_role("button", name="Preview").click()
    expect(desk.locator("main")).to_contain_text("3 complaints. Nothing has happened yet.")
    assert_accessible(desk)
    desk.locator("[name=text]").fill("Seen together at the morning round.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#run")).to_contain_text("0 of 3")
    expect(desk.locator("#run .pm-progress rect").last).to_have_attribute("width", "0.0%")
    expect(desk.locator("#run .pm-row")).to_contain_text(["waits"] * 3)
    with company_scope(company.pk):
        run = BulkRun.objects.get()
    carry_out_bulk_run(company.pk, run.pk)
    expect(desk.locator("#run")).to_contain_text("3 of 3", timeout=4000)
    expect(desk.locator("#run .pm-progress rect").last).to_have_attribute("width", "100.0%")
    expect(desk.locator("#run")).to_contain_text("Done, without exception.")
    expect(desk.locator("#run .pm-row")).to_contain_text(["done"] * 3)
    assert_accessible(desk)


def test_same_trouble_of_one_building_is_gathered(desk: Page, company: Company) -> None:
    desk.keyboard.press("j")
    opened(desk, TITLES[0])
    expect(desk.locator(".pm-case__alike input[type=checkbox]")).to_have_count(2)
    desk.get_by_role("button", name="Gather into this one").click()
    expect(desk.locator("[name=into]")).to_have_value(re.compile("000001"))
    desk.locator("main form button.btn-primary").click()
    expect(desk.locator("#run")).to_be_visible()
    with company_scope(company.pk):
        run = BulkRun.objects.get()
    carry_out_bulk_run(company.pk, run.pk)
    expect(desk.locator("#run")).to_contain_text("Done, without exception.", timeout=4000)
    desk.goto(f"{QUEUE}?view=open")
    expect(desk.locator("[data-rows] .pm-row")).to_have_count(1)
    desk.keyboard.press("j")
    expect(desk.locator(".pm-case__staff")).to_contain_text("Gathers 2 more askers")
