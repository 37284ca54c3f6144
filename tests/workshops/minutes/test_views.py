"""The pages of the minutes: who reads what, what is typed and kept, what is refused with which status."""

import pytest
from django.urls import reverse

from core.workflow import history
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import MandateFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.minutes.factories import (
    DecisionFactory,
    SectionFactory,
    approved,
    circulated,
    close_corrections,
    draft,
    meeting,
)
from workshops.minutes import services
from workshops.minutes.models import Correction, Decision, Minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(people):
    return people["secretariat"]


@pytest.fixture
def staff(client_for):
    return client_for("secretariat")


def address_of(minutes):
    return reverse("admin:workshops_minutes_change", args=[minutes.pk])


def typed(page, **changes):
    """Return what the typing page's form holds, with changes, as a browser would post it."""
    data = {}
    for part in page.context["parts"]:
        for field in part.form:
            data[field.html_name] = field.value() or ""
        data[f"part-{part.key}-base"] = part.base
    return data | changes


# --- read ---


def test_the_public_reads_organisations_and_decisions_the_council_the_whole(by, people, client_for):
    minutes = approved(by=by, present=people["member"], text="Il a été dit que oui.")
    name = people["member"].get_full_name()
    public = client_for("anonymous").get(minutes.get_absolute_url()).text
    assert people.organisation.name in public and "Rédiger la charte." in public
    assert name not in public and "Il a été dit que oui." not in public and minutes.chair not in public
    for role in ("member_other", "observer"):
        whole = client_for(role).get(minutes.get_absolute_url()).text
        assert name in whole and "Il a été dit que oui." in whole and minutes.chair in whole
    assert name not in client_for("pilot").get(minutes.get_absolute_url()).text


def test_the_pdf_is_served_once_stored_with_its_etag_by_audience(by, people, client_for):
    minutes = approved(by=by, present=people["member"])
    address = reverse("workshops:minutes_pdf", args=[minutes.workshop.slug])
    assert address == f"/ateliers/{minutes.workshop.slug}/compte-rendu.pdf"
    bodies = {}
    for role in ("anonymous", "member"):
        client = client_for(role)
        response = client.get(address)
        assert response["Content-Type"] == "application/pdf" and response.content.startswith(b"%PDF-")
        known = client.get(address, headers={"If-None-Match": f'"other", W/{response["ETag"]}'})
        assert (known.status_code, known.content, known["ETag"]) == (304, b"", response["ETag"])
        assert known.get("Cache-Control") == response.get("Cache-Control")
        bodies[role] = response.content
    assert bodies["anonymous"] != bodies["member"]
    assert client_for("member").get(address)["Cache-Control"].startswith("private")
    assert client_for("anonymous").get(f"/en{address}").content == bodies["anonymous"]


def test_the_agenda_and_the_workshops_page_show_what_was_decided(by, client_for):
    minutes = approved(by=by)
    client = client_for("anonymous")
    for path in ("/ateliers/", minutes.workshop.get_absolute_url()):
        page = client.get(path).text
        assert "Rédiger la charte." in page and minutes.get_absolute_url() in page, path
    assert (
        "Relevé de décisions</h2>" in page
        and "Relevé de décisions</h2>" in client.get(minutes.get_absolute_url()).text
    )


def test_a_kept_page_shows_the_decisions_as_soon_as_they_are_approved(by, client_for, settings):
    settings.PAGE_CACHE_SECONDS = 60
    minutes = circulated(by=by)
    client, path = client_for("anonymous"), minutes.workshop.get_absolute_url()
    assert "Rédiger la charte." not in client.get(path).text
    close_corrections(minutes)
    services.approve_minutes(minutes=minutes, by=by)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "Rédiger la charte." in client.get(path).text


def test_open_decisions_head_the_agenda_of_the_invited_alone(by, people, client_for, mailoutbox):
    approved(by=by, kind="visit")
    coming = WorkshopFactory(scheduled=True, kind="visit")
    InvitationFactory(workshop=coming, person=people["member"])
    path = coming.get_absolute_url()
    assert "Rédiger la charte." in client_for("member").get(path).text
    assert "Rédiger la charte." not in client_for("anonymous").get(path).text
    process = reverse("admin:workshops_workshop_process", args=[coming.pk])
    assert "Rédiger la charte." in client_for("secretariat").get(process).text


# --- my space ---


def test_my_space_lists_the_corrections_and_my_decisions(by, people, client_for):
    minutes = circulated(by=by, present=people["member"])
    Decision.objects.update(person=people["member"])
    page = client_for("member").get("/espace/").text
    assert "Corrections jusqu’au" in page and minutes.get_absolute_url() in page
    assert "Rédiger la charte." in page
    assert "Corrections jusqu’au" not in client_for("member_other").get("/espace/").text


def test_the_owner_says_that_it_is_done(by, people, client_for):
    minutes = approved(by=by)
    Decision.objects.filter(pk=minutes.decisions.get().pk)
    decision = minutes.decisions.get()
    MandateFactory(person=people["pilot"], organisation=decision.organisation)
    client, path = client_for("pilot"), decision.get_absolute_url()
    assert client.post(path, {"reason": ""}).status_code == 422
    assert client.post(path, {"reason": "Signée."}).status_code == 302
    assert "Signée." in client.get(path).text
    assert client.post(path, {"reason": "Encore."}).status_code == 409


# --- corrections ---


def test_an_attendee_corrects_and_everybody_there_reads_the_marked_words(by, people, client_for):
    minutes = circulated(by=by, present=people["member"], excused=people["member_other"])
    section = minutes.sections.get()
    path = reverse("workshops:correction_add", args=[minutes.workshop.slug, section.position])
    client = client_for("member")
    asked = client.get(path)
    form = asked.context["form"]
    assert "facultatif" not in asked.text  # neither field is, without the other
    data = {"seen": form["seen"].value(), "proposed": "Le conseil adopte la charte.", "comment": ""}
    assert client.post(path, data | {"proposed": section.text_fr}).status_code == 422
    assert client.post(path, data).status_code == 302
    page = client_for("member_other").get(minutes.get_absolute_url()).text
    assert '<del><span class="sr visually-hidden">[supprimé' in page and "adopte" in page
    assert people["member"].get_full_name() in page


def test_a_correction_of_a_text_that_changed_is_kept_and_shown_beside_it(by, people, client_for):
    minutes = circulated(by=by, present=people["member"])
    section = minutes.sections.get()
    path = reverse("workshops:correction_add", args=[minutes.workshop.slug, section.position])
    client = client_for("member")
    seen = client.get(path).context["form"]["seen"].value()
    section.text_fr = "Le conseil approuve la charte et le calendrier."
    section.save()
    data = {"seen": seen, "proposed": "Le conseil adopte la charte."}
    response = client.post(path, data)
    assert response.status_code == 409 and "Le conseil adopte la charte." in response.text
    again = {"seen": response.context["form"]["seen"].value(), "proposed": "Le conseil adopte tout."}
    assert client.post(path, again).status_code == 302


@pytest.mark.parametrize("how", ["closed", "approved"])
def test_a_correction_that_comes_too_late_keeps_what_was_typed(by, people, client_for, how):
    minutes = circulated(by=by, present=people["member"])
    path = reverse("workshops:correction_add", args=[minutes.workshop.slug, minutes.sections.get().position])
    client = client_for("member")
    data = {"seen": client.get(path).context["form"]["seen"].value()}
    data |= {"proposed": "Le conseil adopte la charte.", "comment": "Un mot seulement."}
    close_corrections(minutes)
    if how == "approved":
        services.approve_minutes(minutes=minutes, by=by)
    response = client.post(path, data)
    assert response.status_code == 409 and not Correction.objects.exists()
    assert data["proposed"] in response.text and data["comment"] in response.text
    assert ("approuvé" if how == "approved" else "close") in response.text
    assert "Le texte a changé" not in response.text and "Envoyer la correction" not in response.text
    assert client.get(path).status_code == (403 if how == "approved" else 409)
    assert client_for("observer").post(path, data).status_code == (403 if how == "approved" else 404)


def test_the_secretariat_accepts_rejects_and_is_told_of_a_later_change(by, people, staff):
    minutes = circulated(by=by, present=people["member"])
    section = minutes.sections.get()
    ask = {
        "section": section,
        "language": "fr",
        "seen": services.mark(section.text_fr),
        "by": people["member"],
    }
    first = services.propose_correction(proposed="Un.", **ask)
    second = services.propose_correction(proposed="Deux.", **ask)
    paths = [reverse("admin:workshops_correction_change", args=[row.pk]) for row in (first, second)]
    forms = [staff.get(path).context["form"] for path in paths]
    data = [{"text": form["text"].value(), "seen": form["seen"].value()} for form in forms]
    assert staff.post(paths[0], data[0] | {"accept": "1"}).status_code == 302
    stale = staff.post(paths[1], data[1] | {"accept": "1"})
    assert stale.status_code == 409 and "Deux." in stale.text and "a changé" in stale.text
    assert staff.post(paths[1], data[1] | {"reject": "1", "reason": ""}).status_code == 422
    assert staff.post(paths[1], data[1] | {"reject": "1", "reason": "Non."}).status_code == 302
    assert list(Correction.objects.order_by("id").values_list("state", flat=True)) == ["accepted", "rejected"]


# --- the secretariat writes ---


def test_the_whole_way_in_the_administration(by, staff):
    workshop = meeting(agenda=("Charte", "Calendrier"))
    process = reverse("admin:workshops_workshop_process", args=[workshop.pk])
    create = reverse("admin:workshops_minutes_create", args=[workshop.pk])
    assert create in staff.get(process).text
    assert staff.post(create).status_code == 302
    minutes = Minutes.objects.get(workshop=workshop)
    address = address_of(minutes)
    assert address in staff.get(process).text
    first = minutes.sections.first()
    data = typed(
        staff.get(address), **{"part-head-chair": "Anne", f"part-{first.pk}-text_fr": "Dit **ceci**."}
    )
    response = staff.post(address, data | {"decide": first.pk})
    assert response["Location"].endswith(f"/decisions/add/?section={first.pk}")
    add = reverse("admin:workshops_minutes_decision_add", args=[minutes.pk])
    assert staff.post(add, {"text_fr": "Faire", "section": first.pk}).status_code == 302
    refused = staff.post(reverse("admin:workshops_minutes_circulate", args=[minutes.pk]))
    assert refused.status_code == 409 and "Il manque un responsable" in refused.text
    assert refused.wsgi_request.method == "POST" and "Dit **ceci**." in refused.text
    sheet = reverse("admin:workshops_decision_change", args=[minutes.decisions.get().pk])
    fields = {"text_fr": "Faire", "section": first.pk, "person": by.pk, "due_on": "2030-01-31", "save": "1"}
    assert staff.post(sheet, fields | {"due_on": "31/31"}).status_code == 422
    assert staff.post(sheet, fields).status_code == 302
    assert staff.post(reverse("admin:workshops_minutes_circulate", args=[minutes.pk])).status_code == 302
    approve = reverse("admin:workshops_minutes_approve", args=[minutes.pk])
    assert staff.post(approve).status_code == 409
    assert staff.post(approve, {"reason": "Tous d’accord"}).status_code == 302
    locked = staff.get(address)
    assert "approuvé" in locked.text and not locked.context["parts"]
    assert staff.post(address, data).status_code == 409
    assert staff.post(sheet, {"settle": "1", "state": "done", "reason": "Fait."}).status_code == 302
    assert staff.post(sheet, {"settle": "1", "state": "done", "reason": "Fait."}).status_code == 409


def test_a_conflict_keeps_both_texts_and_the_next_save_replaces(by, staff):
    minutes = draft(by=by)
    section, address = minutes.sections.get(), address_of(minutes)
    mine = typed(staff.get(address), **{f"part-{section.pk}-text_fr": "Le mien, tapé longuement."})
    section.text_fr = "Le sien, enregistré avant."
    section.save()
    response = staff.post(address, mine)
    assert response.status_code == 409
    assert "Le mien, tapé longuement." in response.text and "Le sien, enregistré avant." in response.text
    section.refresh_from_db()
    assert section.text_fr == "Le sien, enregistré avant."
    assert staff.post(address, typed(response)).status_code == 302
    section.refresh_from_db()
    assert section.text_fr == "Le mien, tapé longuement."


def test_line_ends_of_a_browser_are_no_change(by, staff):
    minutes = draft(by=by, text="a\nb")
    section, address = minutes.sections.get(), address_of(minutes)
    sent = typed(staff.get(address), **{f"part-{section.pk}-text_fr": "a\r\nb\r\n"})
    assert staff.post(address, sent).status_code == 302
    section.refresh_from_db()
    assert section.text_fr == "a\nb" and not history(minutes).filter(field="text").exists()


def test_a_section_is_added_and_removed_with_what_was_typed_saved(by, staff):
    minutes = draft(by=by, agenda=("A", "B"))
    first, address = minutes.sections.first(), address_of(minutes)
    data = typed(staff.get(address), **{f"part-{first.pk}-text_fr": "Gardé."})
    assert staff.post(address, data | {"add": "1", "new_title": ""}).status_code == 422
    assert staff.post(address, data | {"add": "1", "new_title": "Divers"}).status_code == 302
    assert [row.title_fr for row in minutes.sections.all()] == ["A", "B", "Divers"]
    last = minutes.sections.last()
    data = typed(staff.get(address))
    assert staff.post(address, data | {"remove": last.pk}).status_code == 302
    first.refresh_from_db()
    assert minutes.sections.count() == 2 and first.text_fr == "Gardé."
    removed = staff.post(address, data)
    assert removed.status_code in (302, 409)


def test_pages_take_constant_queries(by, people, client_for):
    minutes = circulated(by=by, present=people["member"])

    def more():
        for number in range(3):
            section = SectionFactory(minutes=minutes, position=10 + number)
            DecisionFactory(minutes=minutes, section=section, number=10 + number)
            services.propose_correction(
                section=section,
                language="fr",
                seen=services.mark(section.text_fr),
                comment="Oui.",
                by=people["member"],
            )

    assert_constant_queries(lambda: None, more, minutes.get_absolute_url(), client=client_for("member"))


def test_admin_page_takes_constant_queries(by, staff):
    minutes = draft(by=by)

    def more():
        for number in range(3):
            section = SectionFactory(minutes=minutes, position=10 + number)
            DecisionFactory(minutes=minutes, section=section, number=10 + number)

    assert_constant_queries(lambda: None, more, address_of(minutes), client=staff)
