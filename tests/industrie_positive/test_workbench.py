"""The administration's first page: what waits, and what one did last."""

from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory
from django.utils import timezone, translation

from industrie_positive.workbench import done_last, waiting
from tests.workshops.factories import WorkshopFactory
from workshops.models import Workshop


def logged(person, pk, name):
    kind = ContentType.objects.get_for_model(Workshop)
    LogEntry.objects.create(
        user=person, content_type=kind, object_id=str(pk), object_repr=name, action_flag=CHANGE
    )


def test_what_one_did_last_is_called_in_the_readers_language(people):
    workshop = WorkshopFactory(title_fr="Visite", title_en="Visit")
    logged(people["secretariat"], workshop.pk, "Visite")
    logged(people["secretariat"], 0, "Partie")
    logged(people["administrator"], workshop.pk, "Visite")
    with translation.override("en"):
        gone, kept = done_last(people["secretariat"])
    assert (gone.name, gone.url) == ("Partie", None)
    assert (kept.name, kept.kind) == ("Visit", "Workshop")
    assert kept.url and kept.url.endswith(f"/workshop/{workshop.pk}/change/")


def test_workshops_to_come_lead_to_those_that_are_counted(people, client_for):
    WorkshopFactory.create_batch(2, scheduled=True)
    WorkshopFactory(state="scheduled", starts_at=timezone.now() - timedelta(days=30))
    request = RequestFactory().get("/admin/")
    request.user = people["secretariat"]
    (coming,) = [task for task in waiting(request) if "/workshop/" in task.url]
    assert coming.number == client_for("secretariat").get(coming.url).context["cl"].result_count == 2


def test_nothing_is_singular_in_french(people):
    request = RequestFactory().get("/admin/")
    request.user = people["secretariat"]
    WorkshopFactory(scheduled=True)
    for language, none, one in (
        ("fr", "réponse d’agenda à trancher", "atelier à venir"),
        ("en", "calendar replies to decide", "workshop to come"),
    ):
        with translation.override(language):
            assert {(0, none), (1, one)} <= {(task.number, task.label) for task in waiting(request)}
