"""Documents: judged by their content, kept under a random name, read by whoever may, gone when deleted."""

import io
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.helpers.locks import at_once
from tests.helpers.roles import ROLES
from tests.workshops.factories import DocumentFactory, InvitationFactory, WorkshopFactory
from tests.workshops.test_admin import sheet
from workshops import tasks
from workshops.admin import WorkshopAdmin
from workshops.documents import TYPES, clean_name, inspect_upload
from workshops.enums import DocumentAudience, WorkshopState
from workshops.leftovers import remove_leftovers
from workshops.models import Document

pytestmark = pytest.mark.django_db
MB = 1_000_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
JPEG = b"\xff\xd8\xff\xe0" + bytes(16)
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(8)
PDF = b"%PDF-1.7\n"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def stored(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def archive(**entries: str | bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return content.getvalue()


def office(kind: str, main: str, **more: str) -> bytes:
    types = f'<Types><Override PartName="/{main}" ContentType="{TYPES[kind]}.main+xml"/></Types>'
    return archive(**{"[Content_Types].xml": types, main: "<x/>"}, **more)


DOCX = office("docx", "word/document.xml")
XLSX = office("xlsx", "xl/workbook.xml")
PPTX = office("pptx", "ppt/presentation.xml")
ODT = archive(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "<x/>"})


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("note.pdf", PDF),
        ("note.docx", DOCX),
        ("note.xlsx", XLSX),
        ("note.pptx", PPTX),
        ("note.odt", ODT),
        ("note.png", PNG),
        ("note.jpg", JPEG),
        ("note.JPEG", JPEG),
        ("note.webp", WEBP),
    ],
)
def test_inspect_takes_what_is_its_type(name: str, content: bytes) -> None:
    kind = name.lower().rpartition(".")[2].replace("jpeg", "jpg")
    found = inspect_upload(upload(name, content), limit=10 * MB)
    assert (found.name, found.content_type, found.size) == (f"note.{kind}", TYPES[kind], len(content))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("note.pdf", b"<html><script>alert(1)</script>", "kind"),
        ("note.pdf", b"\n" + PDF, "kind"),
        ("note.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        ("note.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        ("note.exe", b"MZ\x90\x00", "kind"),
        ("note.zip", archive(a="b"), "kind"),
        ("note.docx", archive(a="b"), "kind"),
        ("note.docx", b"PK\x03\x04 not an archive", "kind"),
        ("note.docx", office("docx", "word/document.xml", **{"word/vbaProject.bin": "x"}), "kind"),
        ("note.docm", office("docx", "word/document.xml", **{"word/vbaProject.bin": "x"}), "kind"),
        (
            "note.xlsx",
            archive(
                **{
                    "[Content_Types].xml": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                    "xl/workbook.xml": "x",
                }
            ),
            "kind",
        ),
        (
            "note.odt",
            archive(
                mimetype="application/vnd.oasis.opendocument.text",
                **{"content.xml": "x", "Basic/Standard/Module1.xml": "x"},
            ),
            "kind",
        ),
        ("note.pdf", DOCX, "mismatch"),
        ("note.docx", XLSX, "mismatch"),
        ("note.png", JPEG, "mismatch"),
        ("note", PDF, "mismatch"),
        ("note.pdf.exe", PDF, "mismatch"),
        ("note.pdf", b"", "empty"),
        ("note.pdf", PDF + bytes(2 * MB), "size"),
    ],
)
def test_inspect_refuses_what_is_not_its_type(name: str, content: bytes, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        inspect_upload(upload(name, content), limit=MB)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("../../etc/note.pdf", ("note", "pdf")),
        ("C:\\fakepath\\note.pdf", ("note", "pdf")),
        ("no\x00te\r\nBcc: x.PDF", ("note Bcc x", "pdf")),
        ("note\u202efdp.exe", ("notefdp", "exe")),
        ("Compte rendu été.pdf", ("Compte rendu été", "pdf")),
        (".pdf", ("document", "pdf")),
        ("x" * 300 + ".pdf", ("x" * 120, "pdf")),
        ('a"b;c.pdf', ("abc", "pdf")),
    ],
)
def test_clean_name_leaves_a_name_that_deceives_nobody(typed: str, clean: tuple[str, str]) -> None:
    assert clean_name(typed) == clean


# --- in the administration site ---


def with_file(name: str, content: bytes, **changes: object) -> dict[str, object]:
    rows = {
        "documents-TOTAL_FORMS": "1",
        "documents-INITIAL_FORMS": "0",
        "documents-0-position": "1",
        "documents-0-title_fr": "Note",
        "documents-0-audience": "invited",
        "documents-0-file": upload(name, content),
    }
    return sheet(**rows, **changes)


def test_a_document_is_kept_under_a_random_name(client_for: Callable[[str], Client], media: Path) -> None:
    client = client_for("secretariat")
    add = reverse("admin:workshops_workshop_add")
    assert client.post(add, with_file("Été \u202e2026.pdf", PDF)).status_code == 302
    document = Document.objects.get()
    assert (document.name, document.content_type, document.size) == ("Été 2026.pdf", TYPES["pdf"], len(PDF))
    (path,) = stored(media)
    assert len(path.name) == 32 and "pdf" not in path.name
    html = client.get(
        reverse("admin:workshops_workshop_change", args=[document.workshop_id])
    ).content.decode()
    assert document.get_absolute_url() in html and "/media/" not in html


def test_twenty_megabytes_are_refused_at_the_field_with_the_size_said(
    client_for: Callable[[str], Client], media: Path
) -> None:
    content = PDF + bytes(20 * MB)
    response = client_for("secretariat").post(
        reverse("admin:workshops_workshop_add"), with_file("gros.pdf", content, title_fr="Gardé")
    )
    formsets = response.context["inline_admin_formsets"]
    (error,) = formsets[1].formset.forms[0].errors["file"]
    assert "20,1\xa0Mo" in error and "10\xa0Mo" in error, error
    assert "Gardé" in response.content.decode()
    assert not Document.objects.exists() and not stored(media)


def test_a_kept_document_s_titles_change_and_its_file_does_not(client_for: Callable[[str], Client]) -> None:
    document = DocumentFactory(workshop=WorkshopFactory())
    place = document.file.name
    changes = {
        "documents-TOTAL_FORMS": "1",
        "documents-INITIAL_FORMS": "1",
        "documents-0-id": document.pk,
        "documents-0-workshop": document.workshop_id,
        "documents-0-position": "1",
        "documents-0-title_fr": "Corrigé",
        "documents-0-audience": "public",
        "documents-0-file": upload("autre.pdf", PDF),
    }
    address = reverse("admin:workshops_workshop_change", args=[document.workshop_id])
    data = sheet(**changes, **{"agenda-TOTAL_FORMS": "0"})
    assert client_for("secretariat").post(address, data).status_code == 302
    document.refresh_from_db()
    assert (document.title_fr, document.audience) == ("Corrigé", "public")
    assert (document.file.name, document.name) == (place, "note.pdf")


# --- off the disk ---


@pytest.mark.django_db(transaction=True)
def test_a_deleted_document_leaves_the_disk_after_the_commit_and_only_then(media: Path) -> None:
    document = DocumentFactory()
    with transaction.atomic():
        document.delete()
        assert stored(media)
        transaction.set_rollback(True)
    assert stored(media)
    Document.objects.get().delete()
    assert not stored(media)
    draft = DocumentFactory(workshop=WorkshopFactory()).workshop
    draft.delete()
    assert not stored(media)


# --- who reads ---


def get(client: Client, document: Document) -> Any:
    return client.get(document.get_absolute_url())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("audience", DocumentAudience.values)
def test_who_reads_a_document_of_a_public_workshop(
    client_for: Callable[[str], Client], people: Any, role: str, audience: str
) -> None:
    document = DocumentFactory(audience=audience)
    InvitationFactory(workshop=document.workshop, person=people["member"])
    InvitationFactory(workshop=document.workshop, person=people["observer"], withdrawn_at=timezone.now())
    allowed = audience == "public" or role in ("member", "secretariat", "administrator")
    response = get(client_for(role), document)
    assert response.status_code == (200 if allowed else 404)
    if allowed:
        assert response["Cache-Control"] == (
            "public, max-age=300" if audience == "public" else "private, no-store"
        )
        assert b"".join(response.streaming_content) == PDF


def test_a_document_is_a_download_that_no_browser_runs(client: Client) -> None:
    document = DocumentFactory(audience="public", name="Été «1».pdf")
    response = get(client, document)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("fields", "member"),
    [
        ({"is_public": False, "state": WorkshopState.SCHEDULED}, 200),
        ({"state": WorkshopState.DRAFT}, 404),
        ({"state": WorkshopState.CANCELLED}, 200),
    ],
)
def test_a_public_document_is_no_more_visible_than_its_workshop(
    client_for: Callable[[str], Client], people: Any, fields: dict[str, Any], member: int
) -> None:
    document = DocumentFactory(audience="public", workshop=WorkshopFactory(**fields))
    InvitationFactory(workshop=document.workshop, person=people["member"])
    response = get(client_for("member"), document)
    assert response.status_code == member
    if not fields.get("is_public", True):
        assert response["Cache-Control"] == "private, no-store"
        assert get(Client(), document).status_code == 404


def test_a_document_of_another_workshop_or_without_its_file_is_not_found(client: Client, media: Path) -> None:
    document, other = DocumentFactory(audience="public"), WorkshopFactory(scheduled=True)
    assert client.get(reverse("workshops:document_detail", args=[other.slug, document.pk])).status_code == 404
    stored(media)[0].unlink()
    assert get(client, document).status_code == 404


def test_a_guest_reads_by_the_invitation_s_link_until_it_is_withdrawn(client: Client) -> None:
    document = DocumentFactory()
    row = InvitationFactory(workshop=document.workshop, guest=True)
    address = reverse("workshops:invitation_document", args=[row.token, document.pk])
    assert address in client.get(row.get_absolute_url()).content.decode()
    response = client.get(address)
    assert response.status_code == 200 and response["Referrer-Policy"] == "no-referrer"
    elsewhere = reverse("workshops:invitation_document", args=[row.token, DocumentFactory().pk])
    assert client.get(elsewhere).status_code == 404
    row.withdrawn_at = timezone.now()
    row.save()
    assert client.get(address).status_code == 404
    assert address not in client.get(row.get_absolute_url()).content.decode()


def test_the_workshop_s_page_lists_what_its_reader_may_read(
    client_for: Callable[[str], Client], people: Any
) -> None:
    public = DocumentFactory(audience="public")
    private = DocumentFactory(workshop=public.workshop)
    InvitationFactory(workshop=public.workshop, person=people["member"])
    for role, sees in (("anonymous", False), ("observer", False), ("member", True), ("secretariat", True)):
        html = client_for(role).get(public.workshop.get_absolute_url()).content.decode()
        assert public.get_absolute_url() in html
        assert (private.get_absolute_url() in html) == sees


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_whose_bytes_are_damaged_is_refused(method: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        file.writestr("[Content_Types].xml", "abcdefgh" * 2000)
    for place in range(30 + len("[Content_Types].xml"), 90):
        damaged = bytearray(content.getvalue())
        damaged[place] ^= 0xFF
        with pytest.raises(ValidationError) as refused:
            inspect_upload(upload("note.docx", bytes(damaged)), limit=MB)
        assert refused.value.code == "kind"


def test_a_save_that_fails_leaves_no_file_and_takes_none_away(
    client_for: Callable[[str], Client], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = DocumentFactory(workshop=WorkshopFactory())
    client = client_for("secretariat")
    data = with_file("note.pdf", PDF) | {
        "documents-TOTAL_FORMS": "2",
        "documents-INITIAL_FORMS": "1",
        "documents-0-id": kept.pk,
        "documents-0-workshop": kept.workshop_id,
        "documents-0-title_fr": "Note gardée",
        "documents-1-position": "2",
        "documents-1-title_fr": "Nouvelle",
        "documents-1-audience": "invited",
        "documents-1-file": upload("note.pdf", PDF),
        "agenda-TOTAL_FORMS": "0",
    }
    written = []

    def fail(*_given: object) -> None:
        written.extend(stored(media))
        raise RuntimeError("the database went away")

    monkeypatch.setattr(WorkshopAdmin, "log_change", fail)
    with pytest.raises(RuntimeError):
        client.post(reverse("admin:workshops_workshop_change", args=[kept.workshop_id]), data)
    assert len(written) == 2
    assert [path.name for path in stored(media)] == [Path(kept.file.name).name]
    assert Document.objects.count() == 1


# --- files without a row ---


class Killed(Exception):
    """Stands for a kill -9: the transaction never commits."""


def aged(path: Path, hours: float) -> Path:
    at = (timezone.now() - timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))
    return path


def test_a_file_whose_row_was_never_committed_goes_after_a_day(media: Path, settings: Any) -> None:
    kept = DocumentFactory()
    aged(media / kept.file.name, 5000)
    with pytest.raises(Killed), transaction.atomic():
        lost = DocumentFactory()
        raise Killed
    left = media / lost.file.name
    assert left.exists(), "or nothing is proved"
    under_way = left.with_name("f" * 32)
    under_way.touch()
    aged(under_way, 23.5)
    others = [left.with_name("README"), media / "backup.tar", left.parent.with_name("other") / ("e" * 32)]
    others[2].parent.mkdir()
    for other in others:
        other.touch()
        aged(other, 5000)
    assert remove_leftovers() == 0
    aged(left, 24.1)
    assert settings.CELERY_BEAT_SCHEDULE["workshops-leftovers"]["task"] == tasks.remove_leftovers.name
    tasks.remove_leftovers()
    assert set(stored(media)) == {media / kept.file.name, under_way, *others}
    assert remove_leftovers() == 0 and kept.file.open().read() == PDF


def test_nothing_stored_yet_nothing_to_remove(media: Path) -> None:
    assert remove_leftovers() == 0


@pytest.mark.django_db(transaction=True)
def test_two_removals_at_once_remove_once_and_no_row_s_file(media: Path) -> None:
    kept = [media / DocumentFactory().file.name for _each in range(3)]
    left = [kept[0].with_name(f"{number:032x}") for number in range(20)]
    for path in [*kept, *left]:
        path.touch()
        aged(path, 30)
    assert all(isinstance(outcome, int) for outcome in at_once(remove_leftovers, remove_leftovers))
    assert set(stored(media)) == set(kept)
