"""Photos and documents: who sees them, what is sent, what stays when something fails."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from PIL import Image

from complaints import services
from complaints.integrity import complaint_chains, complaint_files
from complaints.models import Attachment, Complaint
from complaints.permissions import Viewer
from complaints.selectors import thread_of
from complaints.services.attaching import stored_files
from complaints.workflow import BadInput, NotYours
from propman.accounts.roles import Role
from propman.tenancy.models import Event, EventText
from tests.factories import make_employee, make_member
from tests.factories.complaints import make_complaint
from tests.factories.files import AUTHOR, camera_exif, jpeg_bytes, new_document, new_photo, pdf_bytes, upload

pytestmark = pytest.mark.django_db

API = "/lanting/api/v1/complaints/"


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    """An empty folder of files for each test."""
    folder = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": folder}


@pytest.fixture
def filed(policy, household, owner, office, staff, agent):
    """A complaint that came with a photo and a letter."""
    return make_complaint(household=household, files=[new_photo("roof.jpg"), new_document("letter.pdf")])


def photo_of(complaint: Complaint, **which) -> Attachment:
    return complaint.attachments.filter(**which).exclude(kind="pdf").get()


def path_of(attachment: Attachment, part: str = "content/") -> str:
    return f"/lanting/complaints/{attachment.complaint.number}/files/{attachment.pk}/{part}"


@pytest.fixture
def filing(household, policy, category=None):
    from tests.factories.complaints import make_category

    return {
        "category": make_category().pk,
        "title": "Water through the roof",
        "text": "It drips on the stairs.",
        "household": household.pk,
        "where": "home",
        "severity": "normal",
        "phone": "555 0134",
    }


# filing


def test_resident_files_with_photos_and_a_letter(filing, owner, office, client_of):
    given = [upload(jpeg_bytes(exif=camera_exif()), "roof.jpg"), upload(pdf_bytes(), "letter.pdf", "application/pdf")]
    client = client_of(owner)
    assert client.post("/lanting/complaints/new/", filing | {"files": given}).status_code == 302
    complaint = Complaint.unscoped.get()
    photo, letter = Attachment.unscoped.order_by("position")
    assert (photo.complaint_id, photo.side, photo.kind, photo.width, photo.height) == (complaint.pk, "asker", "jpeg", 640, 480)
    assert (letter.kind, letter.size, letter.width) == ("pdf", len(pdf_bytes()), None)
    page = client.get(f"/lanting/complaints/{complaint.number}/")
    assert path_of(photo, "preview/") in page.text
    assert "letter.pdf" in page.text
    sent = client.get(path_of(photo)).content
    assert AUTHOR.encode() not in sent
    assert not Image.open(BytesIO(sent)).getexif()


def test_bad_file_is_named_beside_the_field_and_what_was_typed_stays(filing, owner, client_of):
    given = [upload(b"<svg/>", "drawing.svg.jpg"), upload(jpeg_bytes(), "roof.jpg")]
    refused = client_of(owner).post("/lanting/complaints/new/", filing | {"files": given})
    assert refused.status_code == 422
    assert 'id="id_files_error"' in refused.text
    assert "drawing.svg.jpg" in refused.text
    assert "Choose your files again" in refused.text
    assert "It drips on the stairs." in refused.text
    assert "555 0134" in refused.text
    assert not Complaint.unscoped.exists()


def test_another_mistake_says_that_files_are_chosen_again(filing, owner, client_of):
    given = filing | {"title": "", "files": [upload(jpeg_bytes())]}
    refused = client_of(owner).post("/lanting/complaints/new/", given)
    assert refused.status_code == 422
    assert "Choose your files again" in refused.text
    without = client_of(owner).post("/lanting/complaints/new/", filing | {"title": ""})
    assert "Choose your files again" not in without.text


def test_thirty_files_are_refused_and_counted(filing, owner, client_of):
    given = filing | {"files": [upload(jpeg_bytes(), f"{n}.jpg") for n in range(30)]}
    refused = client_of(owner).post("/lanting/complaints/new/", given)
    assert refused.status_code == 422
    assert "these are 30" in refused.text


def test_huge_file_is_refused_with_its_size_and_never_kept_whole(filing, owner, client_of, monkeypatch):
    from propman.common import uploads

    monkeypatch.setattr(uploads, "LARGEST_PHOTO", 2 * uploads.MEGABYTE)
    kept = []
    monkeypatch.setattr(
        uploads.FrugalUploadHandler,
        "file_complete",
        lambda self, size: kept.append(self.file.tell()) or super(uploads.FrugalUploadHandler, self).file_complete(size),
    )
    huge = upload(jpeg_bytes() + b"\0" * 12 * uploads.MEGABYTE, "huge.jpg")
    refused = client_of(owner).post("/lanting/complaints/new/", filing | {"files": [huge]})
    assert refused.status_code == 422
    assert "“huge.jpg” has 13 MB; 2 MB is the most." in refused.text
    assert kept == [2 * uploads.MEGABYTE + 1]


def test_form_sent_twice_keeps_its_files_once(filing, owner, office, client_of):
    client, key = client_of(owner), {"idempotency_key": "twice"}
    for _time in range(2):
        given = filing | key | {"files": [upload(jpeg_bytes())]}
        assert client.post("/lanting/complaints/new/", given).status_code == 302
    assert Attachment.unscoped.count() == 1


def test_employee_logs_a_letter_with_its_photo(filing, head, office, client_of):
    given = {name: filing[name] for name in ("category", "title", "text", "severity")}
    given |= {"kind": "complaint", "channel": "letter", "asker_name": "Li", "files": [upload(jpeg_bytes())]}
    assert client_of(head).post("/lanting/complaints/log/", given).status_code == 302
    assert Attachment.unscoped.get().side == "asker"


# replies, answers, notes


def accepted_by(complaint: Complaint, employee) -> Complaint:
    return services.accept_complaint(complaint=complaint, by=employee, at=timezone.now())


def test_each_side_adds_photos_with_what_it_says(filed, owner, agent, staff, client_of):
    accepted_by(filed, staff(agent))
    home = f"/lanting/complaints/{filed.number}/"
    for verb, text in [("reply", "We come."), ("answer", "Sealed."), ("resolve", "Dry now."), ("note", "Cheap tiles.")]:
        given = {"text": text, "kind": "solution", "files": [upload(jpeg_bytes(), f"{verb}.jpg")]}
        assert client_of(agent).post(f"{home}{verb}/", given).status_code == 302, verb
    given = {"verb": "reopen", "text": "Wet again.", "files": [upload(jpeg_bytes(), "again.jpg")]}
    assert client_of(owner).post(f"{home}verdict/", given).status_code == 302
    assert client_of(owner).post(f"{home}reply/", {"text": "See.", "files": [upload(jpeg_bytes())]}).status_code == 302
    sides = list(filed.attachments.order_by("pk").values_list("side", "event__canonical")[2:])
    assert [side for side, _event in sides] == ["staff", "staff", "staff", "note", "asker", "asker"]
    assert all('"files":["' in canonical for _side, canonical in sides)
    asker = thread_of(filed, viewer=Viewer(owner, frozenset({"owner"}), None))
    assert [len(entry.photos) for entry in asker.entries if entry.is_spoken] == [1, 1, 1, 1, 1, 1]


def test_bad_photo_in_a_reply_keeps_the_words(filed, owner, agent, staff, client_of):
    accepted_by(filed, staff(agent))
    for person, verb in [(owner, "reply"), (agent, "answer"), (agent, "note"), (agent, "resolve")]:
        given = {"text": f"My words {verb}.", "kind": "solution", "files": [upload(b"GIF89a", "moving.gif")]}
        refused = client_of(person).post(f"/lanting/complaints/{filed.number}/{verb}/", given)
        assert refused.status_code == 422, verb
        assert f"My words {verb}." in refused.text
        assert "moving.gif" in refused.text
        assert "Choose your files again" in refused.text
    assert filed.attachments.count() == 2


def test_reply_that_crossed_another_says_that_files_are_lost(filed, owner, agent, staff, client_of):
    accepted_by(filed, staff(agent))
    services.reply_as_asker(complaint=filed, by=owner, at=timezone.now(), text="One more thing.")
    given = {"text": "Done.", "kind": "solution", "version": 1, "files": [upload(jpeg_bytes())]}
    refused = client_of(agent).post(f"/lanting/complaints/{filed.number}/answer/", given)
    assert refused.status_code == 409
    assert "Choose your files again" in refused.text


def test_follower_by_code_adds_and_sees_photos(filed, client, agent, staff):
    note = services.note_on_complaint(
        complaint=accepted_by(filed, staff(agent)), by=staff(agent), at=timezone.now(), text="Hm.", files=[new_photo()]
    )
    made = services.file_complaint(
        channel="web", category=filed.category, title="Roof", text="Wet.", asker=services.Asker(name="Li", phone="1"),
        at=timezone.now(), files=[new_photo("mine.jpg")],
    )  # fmt: skip
    assert client.post("/lanting/follow/", {"number": made.complaint.number, "code": made.tracking_code}).status_code == 302
    given = {"verb": "reply", "text": "And here.", "files": [upload(jpeg_bytes(), "here.jpg")]}
    assert client.post("/lanting/follow/act/", given).status_code == 302
    bad = client.post("/lanting/follow/act/", {"verb": "reply", "text": "My words.", "files": [upload(b"x", "bad.jpg")]})
    assert bad.status_code == 422
    assert "My words." in bad.text
    assert "bad.jpg" in bad.text
    page = client.get("/lanting/follow/").text
    for attachment in made.complaint.attachments.all():
        assert f"/lanting/follow/files/{attachment.pk}/preview/" in page
        for part in ("", "content/", "preview/"):
            assert client.get(f"/lanting/follow/files/{attachment.pk}/{part}").status_code == 200
    for other in (photo_of(filed, side="asker"), photo_of(note, side="note")):
        assert client.get(f"/lanting/follow/files/{other.pk}/content/").status_code == 404


# sending


def test_content_is_a_download_that_no_browser_runs(filed, owner, client_of):
    for attachment in filed.attachments.all():
        response = client_of(owner).get(path_of(attachment))
        assert response.status_code == 200
        assert response["Content-Disposition"].startswith(f'attachment; filename="{filed.number}-1-')
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["Content-Type"] == attachment.media_type
        assert "no-store" in response["Cache-Control"]
        assert "roof" not in str(response.headers)
        assert len(response.content) == attachment.size


def test_head_and_range_pass_the_same_check(filed, owner, rival_owner, client_of):
    path = path_of(photo_of(filed))
    head = client_of(owner).head(path)
    assert (head.status_code, head.content) == (200, b"")
    part = client_of(owner).get(path, headers={"Range": "bytes=0-9"})
    assert part.status_code == 200
    assert "Content-Range" not in part.headers
    assert client_of(rival_owner).head(path).status_code == 404
    assert client_of(rival_owner).get(path, headers={"Range": "bytes=0-9"}).status_code == 404
    assert client_of(owner).post(path).status_code == 405


def test_strangers_find_no_file(filed, rival_owner, rival_manager, official, client, client_of, company, rival_company):
    attachment = photo_of(filed)
    for part in ("", "content/", "preview/"):
        path = path_of(attachment, part)
        assert client_of(rival_owner).get(path).status_code == 404
        assert client_of(official).get(path).status_code == 404
        assert client_of(rival_manager).get(path).status_code == 404
        assert client_of(rival_manager).get(path.replace("lanting", "rival")).status_code == 404
        assert client.get(path).headers["Location"].startswith("/accounts/login/")
        assert client.get(f"/lanting/follow/files/{attachment.pk}/{part}").status_code == 404


def test_file_belongs_to_its_own_complaint(filed, household, rival_owner, client_of, owner):
    other = make_complaint(household=household)
    path = path_of(photo_of(filed)).replace(filed.number, other.number)
    assert client_of(owner).get(path).status_code == 404


def test_letter_has_no_picture(filed, owner, client_of):
    letter = filed.attachments.get(kind="pdf")
    assert client_of(owner).get(path_of(letter)).status_code == 200
    for part in ("", "preview/"):
        assert client_of(owner).get(path_of(letter, part)).status_code == 404


def test_photo_of_a_note_is_for_colleagues(filed, owner, agent, head, staff, client_of):
    services.note_on_complaint(complaint=filed, by=staff(agent), at=timezone.now(), text="Hm.", files=[new_photo("odd.jpg")])
    photo = photo_of(filed, side="note")
    for part in ("", "content/", "preview/"):
        assert client_of(owner).get(path_of(photo, part)).status_code == 404
        assert client_of(head).get(path_of(photo, part)).status_code == 200
    page = client_of(owner).get(f"/lanting/complaints/{filed.number}/").text
    assert f"/files/{photo.pk}/" not in page
    assert [row["id"] for row in client_of(owner).get(f"{API}{filed.number}/files/").json()] == list(
        filed.attachments.exclude(side="note").order_by("pk").values_list("pk", flat=True)
    )
    assert client_of(owner).get(f"{API}{filed.number}/files/{photo.pk}/content/").status_code == 404


def test_employee_finds_no_note_of_his_own_complaint(policy, household, office, head, staff, agent, client_of):
    filed = make_complaint(household=household, asker=services.Asker(user=head, name="Head at home"), files=[new_photo()])
    services.note_on_complaint(complaint=filed, by=staff(agent), at=timezone.now(), text="Hm.", files=[new_photo()])
    note = photo_of(filed, side="note")
    assert client_of(head).get(path_of(photo_of(filed, side="asker"))).status_code == 200
    assert client_of(head).get(path_of(note)).status_code == 404


# confidential askers


@pytest.fixture
def hidden(policy, household, owner, office, staff, agent, head):
    files = [new_photo("Zhou Yumin roof.jpg"), new_document("Zhou Yumin.pdf", author="Zhou Yumin")]
    return make_complaint(household=household, is_confidential=True, files=files)


def test_office_gets_a_hidden_askers_photo_without_its_name(hidden, head, client_of):
    photo = photo_of(hidden)
    assert client_of(head).get(path_of(photo)).status_code == 200
    for path in (f"/lanting/complaints/{hidden.number}/", path_of(photo, ""), f"{API}{hidden.number}/files/"):
        assert "Yumin" not in client_of(head).get(path).text
    assert "Photo 1" in client_of(head).get(path_of(photo, "")).text


def test_office_opens_no_document_of_a_hidden_asker(hidden, head, agent, owner, client_of):
    letter = hidden.attachments.get(kind="pdf")
    assert client_of(head).get(path_of(letter)).status_code == 404
    assert client_of(head).get(f"{API}{hidden.number}/files/{letter.pk}/content/").status_code == 404
    page = client_of(head).get(f"/lanting/complaints/{hidden.number}/").text
    assert "the service centre opens it" in page
    for person in (agent, owner):
        assert client_of(person).get(path_of(letter)).status_code == 200


# the API


def test_api_files_replies_and_notes_with_photos(filing, household, owner, office, agent, client_of):
    body = {"title": "Roof", "text": "Wet.", "category": "leak", "household": household.pk, "files": [upload(jpeg_bytes())]}
    made = client_of(owner).post(API, body, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201, made.json()
    number = made.json()["number"]
    again = body | {"files": [upload(jpeg_bytes())]}
    assert client_of(owner).post(API, again, headers={"Idempotency-Key": "one"}).json() == made.json()
    two = [upload(jpeg_bytes(), "a.jpg"), upload(pdf_bytes(), "b.pdf")]
    assert client_of(owner).post(f"{API}{number}/reply/", {"text": "More.", "files": two}).status_code == 200
    given = {"text": "Hm.", "files": [upload(jpeg_bytes())]}
    assert client_of(agent).post(f"{API}{number}/note/", given).status_code == 200
    listed = client_of(agent).get(f"{API}{number}/files/").json()
    assert [(row["side"], row["type"], row["name"]) for row in listed] == [
        ("asker", "image/jpeg", "photo.jpg"),
        ("asker", "image/jpeg", "a.jpg"),
        ("asker", "application/pdf", "b.pdf"),
        ("note", "image/jpeg", "photo.jpg"),
    ]
    content = client_of(owner).get(f"{API}{number}/files/{listed[0]['id']}/content/")
    assert len(content.content) == listed[0]["size"]
    assert content["Content-Disposition"].startswith("attachment")


def test_api_names_a_bad_file(filed, owner, client_of):
    refused = client_of(owner).post(f"{API}{filed.number}/reply/", {"text": "See.", "files": [upload(b"<svg/>", "a.jpg")]})
    assert refused.status_code == 400
    assert "a.jpg" in str(refused.json()["errors"]["files"])
    assert filed.attachments.count() == 2


# what stays


def all_files() -> set[str]:
    return set().union(*stored_files())


def test_files_have_names_of_ours(filed):
    assert len(all_files()) == 3  # a photo, its small picture, a letter
    assert not [name for name in all_files() if "roof" in name or "letter" in name]


def test_row_is_never_rewritten(filed):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE complaints_attachment SET side = 'staff'")


def test_erasing_takes_file_and_name_and_leaves_the_chain_valid(filed, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.erase_attachment(photo_of(filed))
    assert all_files() == {filed.attachments.get().file}
    assert [text.text for text in EventText.objects.filter(field__startswith="file_")] == ["letter.pdf"]
    assert list(complaint_chains(filed.company)) == []
    assert list(complaint_files(filed.company)) == []
    assert len(thread_of(filed, viewer=None).entries[0].files) == 1


def test_sweep_takes_what_a_failed_request_left_behind(filed, household):
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        make_complaint(household=household, files=[new_photo(), new_document()])
        1 / 0  # noqa: B018
    mine = {name for row in filed.attachments.all() for name in ([row.file, row.preview] if row.is_photo else [row.file])}
    assert len(all_files()) == 6
    assert services.sweep_files(at=timezone.now()) == 0  # may still be under way
    assert services.sweep_files(at=timezone.now() + timedelta(days=2)) == 3
    assert all_files() == mine
    assert services.sweep_files(at=timezone.now() + timedelta(days=2)) == 0


def test_too_many_files_leave_no_complaint(policy, household, owner, office):
    with pytest.raises(BadInput):
        make_complaint(household=household, files=[new_photo()] * 7)
    assert not Complaint.objects.exists()
    assert not all_files()


def test_check_names_rows_without_files_and_altered_ones(filed, owner_sql):
    assert list(complaint_files(filed.company)) == []
    photo, letter = photo_of(filed), filed.attachments.get(kind="pdf")
    default_storage.delete(photo.preview)
    with default_storage.open(letter.file, "r+b") as file:
        file.seek(30)
        file.write(b"#")
    found = list(complaint_files(filed.company))
    assert [photo.preview in found[0], "gone" in found[0], letter.file in found[1], "altered" in found[1]] == [True] * 4


def test_gone_file_is_not_found(filed, owner, client_of):
    photo = photo_of(filed)
    default_storage.delete(photo.file)
    assert client_of(owner).get(path_of(photo)).status_code == 404


def test_storage_without_paths_keeps_and_sends_them(settings, policy, household, owner, office, client_of):
    """As a bucket does: nothing asks for a path or an address of it."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    filed = make_complaint(household=household, files=[new_photo()])
    response = client_of(owner).get(path_of(photo_of(filed)))
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert list(complaint_files(filed.company)) == []


@pytest.fixture
def duty(centre):
    return make_employee(centre, Role.DUTY_MANAGER, name="Duty")


WHY = {"reason": "It shows a neighbour's child.", "is_sure": "on"}


def test_duty_manager_erases_a_photo_with_a_reason(filed, duty, owner, client_of, company, django_capture_on_commit_callbacks):
    photo, client = photo_of(filed), client_of(duty)
    page = client.get(path_of(photo, "erase/"))
    assert page.status_code == 200
    assert "roof.jpg" in page.text
    for given in ({}, {"reason": "x"}, {"is_sure": "on"}, {"reason": "\u200e ", "is_sure": "on"}):
        assert client.post(path_of(photo, "erase/"), given).status_code == 422
    assert Attachment.objects.filter(pk=photo.pk).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(path_of(photo, "erase/"), WHY).status_code == 302
    assert all_files() == {filed.attachments.get().file}
    assert list(complaint_chains(company)) == []
    assert list(complaint_files(company)) == []
    event = Event.objects.get(name="complaint.file_erased")
    assert event.actor == duty
    assert "roof" not in event.canonical
    assert "child" not in event.canonical
    for client in (client_of(owner), client_of(duty)):
        shown = client.get(f"/lanting/complaints/{filed.number}/").text
        assert "by the Duty manager: It shows a neighbour&#x27;s child." in shown
        assert "letter.pdf" in shown
        assert client.get(path_of(photo)).status_code == 404
        assert client.get(path_of(photo, "erase/")).status_code in {403, 404}
    filed.refresh_from_db()
    assert "erased on" in thread_of(filed, viewer=None).entries[0].documents[-1].label


@pytest.mark.parametrize("role", ["owner", "rival_owner", "agent", "head", "manager", "administrator", "official"])
def test_nobody_else_erases(filed, role, request, client_of):
    client, photo = client_of(request.getfixturevalue(role)), photo_of(filed)
    for answer in (client.get(path_of(photo, "erase/")), client.post(path_of(photo, "erase/"), WHY)):
        assert answer.status_code in {403, 404}
    assert "/erase/" not in client.get(path_of(photo, "")).text
    assert Attachment.objects.filter(pk=photo.pk).exists()


def test_duty_manager_outside_the_centre_erases_nothing(filed, office, company, client_of):
    """The role alone is not enough: an office does not erase what is said about it."""
    for person in (make_employee(office, Role.DUTY_MANAGER, name="Of the office"), make_member(company, Role.DUTY_MANAGER)):
        assert client_of(person).post(path_of(photo_of(filed), "erase/"), WHY).status_code == 404
    assert filed.attachments.count() == 2


def test_service_refuses_an_office_and_a_second_erasing(filed, duty, staff, head):
    photo, at = photo_of(filed), timezone.now()
    with pytest.raises(NotYours):
        services.erase_file(complaint=filed, attachment=photo, by=staff(head), at=at, reason="x")
    services.erase_file(complaint=filed, attachment=photo, by=staff(duty), at=at, reason="x")
    with pytest.raises(services.FileGone):
        services.erase_file(complaint=filed, attachment=photo, by=staff(duty), at=at, reason="x")


def test_place_of_an_erased_note_is_for_colleagues(filed, duty, staff, agent):
    at = timezone.now()
    services.note_on_complaint(complaint=filed, by=staff(agent), at=at, text="See.", files=[new_photo("note.jpg")])
    services.erase_file(complaint=filed, attachment=photo_of(filed, side="note"), by=staff(duty), at=at, reason="Wrong house.")
    thread = thread_of(filed, viewer=None)
    assert "Wrong house." not in str(thread.entries)
    assert "complaint.file_erased" not in [entry.name for entry in thread.entries]
