"""A version's page is rendered once for all its readers: nobody gets another's token, nobody an old page."""

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import caches
from django.test import Client, RequestFactory
from django.utils import timezone

from core import shared_page
from core.enums import Counter
from core.publication import current_version
from members.models import Mandate
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Block, Comment, Consultation, Version
from roadmap.drafting.services import add_comment
from roadmap.drafting.views import _page_key
from tests.helpers.roles import People
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version

# The counters move at the commit.
pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w{64})"')
READERS = ("member", "member_other", "observer", "secretariat", "administrator")


@pytest.fixture(autouse=True)
def _kept(settings) -> None:
    settings.PAGE_CACHE_SECONDS = 60


@pytest.fixture
def renderings(monkeypatch) -> list[str]:
    """Record each rendering of a page that is to be kept."""
    done: list[str] = []
    finished = shared_page._finished

    def counted(request, *rest):
        done.append(request.path)
        return finished(request, *rest)

    monkeypatch.setattr(shared_page, "_finished", counted)
    return done


@pytest.fixture
def log_in(people: People) -> Callable[[str], Client]:
    """Give a client that checks CSRF tokens, logged in as a role."""

    def make(role: str) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(people[role])
        return client

    return make


def url(version: Version, prefix: str = "") -> str:
    return f"{prefix}/feuille-de-route/versions/{version.number}/"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def without_token(html: str) -> str:
    return TOKEN.sub("", html)


def comment(version: Version, people: People, label: str = "1.1.1") -> Comment:
    return add_comment(
        block=Block.objects.select_related("version").get(version=version, label=label),
        author=people["member"],
        organisation=people.organisation,
        body="Une remarque.",
    )


def count(html: str, label: str) -> int:
    found = re.search(rf'id="c{re.escape(label)}".*?</span>(\d+)</a>', html)
    assert found
    return int(found[1])


def test_all_readers_share_one_page_and_nobody_a_token(log_in, renderings):
    version = make_consultation()
    pages = {role: text(log_in(role), url(version)) for role in READERS}
    assert len(renderings) == 1
    assert len({without_token(html) for html in pages.values()}) == 1
    tokens = [TOKEN.findall(html) for html in pages.values()]
    assert all(len(found) == 1 for found in tokens)
    assert len({found[0] for found in tokens}) == len(READERS)
    assert "Camille" not in pages["member"] and "\0" not in pages["member"]


def test_token_opens_its_own_session_s_door_alone(log_in):
    version = make_consultation()
    mine, theirs = log_in("member"), log_in("observer")
    my_token, their_token = (TOKEN.findall(text(one, url(version)))[0] for one in (mine, theirs))
    data = {"csrfmiddlewaretoken": their_token}
    assert mine.post("/deconnexion/", data).status_code == 403
    assert mine.post("/deconnexion/", {"csrfmiddlewaretoken": my_token}).status_code == 302
    assert mine.get(url(version)).status_code == 302
    assert theirs.get(url(version)).status_code == 200


def test_page_equals_the_one_rendered_for_oneself(log_in, settings):
    version = make_consultation()
    client = log_in("member")
    kept = text(client, url(version))
    settings.PAGE_CACHE_SECONDS = 0
    assert without_token(text(client, url(version))) == without_token(kept)


def test_languages_are_kept_apart(log_in, renderings):
    version = make_consultation()
    client = log_in("member")
    for _turn in range(2):
        assert "Le paragraphe 1.1.1" in text(client, url(version))
        assert "Paragraph 1.1.1" in text(client, url(version, "/en"))
    assert len(renderings) == 2


def test_comment_shows_at_once_to_everybody(log_in, people, renderings):
    version, other = make_consultation(), make_consultation()
    reader, colleague = log_in("observer"), log_in("member_other")
    assert count(text(reader, url(version)), "1.1.1") == 0
    for number in (1, 2):
        comment(version, people)
        assert [count(text(one, url(version)), "1.1.1") for one in (reader, colleague)] == [number] * 2
    assert count(text(reader, url(other)), "1.1.1") == 0
    Comment.objects.filter(block__version=version).order_by("id")[0].delete()
    assert count(text(reader, url(version)), "1.1.1") == 1
    Comment.objects.update(block=Block.objects.get(version=version, label="1.1.2"))
    assert count(text(reader, url(version)), "1.1.1") == 0
    assert count(text(reader, url(version)), "1.1.2") == 1


def test_state_and_dates_show_at_once(log_in):
    version = make_consultation()
    reader = log_in("member")
    assert "commentaires sont ouverts jusqu’au" in text(reader, url(version))
    Consultation.objects.update(closes_at=timezone.now() - timedelta(minutes=1))
    assert "commentaires sont clos depuis le" in text(reader, url(version))
    version.status = VersionStatus.VOTE
    version.save()
    closed = text(reader, url(version))
    assert "commentaires sont" not in closed and "pill-go" in closed


def test_clock_alone_makes_another_page():
    version = make_consultation()
    read = Version.objects.with_consultation().get(pk=version.pk)
    instants = [read.consultation.opens_at, read.consultation.closes_at]
    keys = set()
    for now in (instants[0] - timedelta(microseconds=1), *instants):
        read.database_now = now
        keys.add(_page_key(read))
    assert len(keys) == 3


def test_reader_whose_mandate_ended_reads_no_more(log_in, people):
    version = make_consultation()
    reader, colleague = log_in("member"), log_in("member_other")
    assert reader.get(url(version)).status_code == 200
    Mandate.objects.filter(person=people["member"]).update(ends_on=timezone.localdate())
    assert reader.get(url(version)).status_code == 404
    assert colleague.get(url(version)).status_code == 200


def test_adopted_version_tells_the_public_and_others_nothing_of_its_comments(log_in, client):
    version = make_version(VersionStatus.ADOPTED)
    CommentFactory(block=Block.objects.get(version=version, label="1.1.1"))
    assert count(text(log_in("member"), url(version)), "1.1.1") == 1
    for stranger in (log_in("pilot"), client):
        assert "para-count" not in text(stranger, url(version))
    assert "csrfmiddlewaretoken" not in text(client, url(version))


def test_message_waiting_is_shown_to_its_person_alone(log_in, renderings):
    version = make_consultation()
    mine, theirs = log_in("member"), log_in("observer")
    storage = CookieStorage(RequestFactory().get("/"))
    storage.add(20, "Rien que pour Camille.")
    response = Client().get("/healthz")
    storage.update(response)
    mine.cookies["messages"] = SimpleCookie(response.cookies["messages"].OutputString())["messages"].value
    assert "Rien que pour Camille." in text(mine, url(version))
    assert not renderings
    assert "Rien que pour Camille." not in text(theirs, url(version)) + text(mine, url(version))


def test_address_with_parameters_is_answered_and_not_kept(log_in, renderings):
    version = make_consultation()
    client = log_in("member")
    assert "?utm=x" in text(client, f"{url(version)}?utm=x")  # in the link to the other language
    assert not renderings
    assert "?utm=x" not in text(client, url(version))


def test_answer_is_private_and_compressed(log_in):
    version = make_consultation()
    client = log_in("member")
    plain, packed = (
        client.get(url(version)),
        client.get(url(version), headers={"Accept-Encoding": "br, gzip"}),
    )
    assert packed["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain
    unpacked = gzip.decompress(packed.content).decode()
    assert without_token(unpacked) == without_token(plain.content.decode())
    assert len(TOKEN.findall(unpacked)) == 1
    for response in (plain, packed):
        assert response["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(response["Vary"].split(", "))
        assert response["Content-Length"] == str(len(response.content))
    refused = client.get(url(version), headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused


def test_page_that_one_has_is_not_sent_again(log_in, people):
    version = make_consultation()
    mine, theirs = log_in("member"), log_in("observer")
    tag = {"If-None-Match": mine.get(url(version))["ETag"]}
    again = mine.get(url(version), headers=tag)
    assert again.status_code == 304 and not again.content
    assert again["Cache-Control"] == "private, no-cache" and again["ETag"] == tag["If-None-Match"]
    assert theirs.get(url(version), headers=tag).status_code == 200
    comment(version, people)
    assert mine.get(url(version), headers=tag).status_code == 200


def test_new_session_gets_the_page_again_with_a_token_that_works(log_in, people):
    version = make_consultation()
    client = log_in("member")
    tag = {"If-None-Match": client.get(url(version))["ETag"]}
    client.logout()
    assert client.get(url(version), headers=tag).status_code == 302
    client.force_login(people["member"])
    response = client.get(url(version), headers=tag)
    assert response.status_code == 200
    token = TOKEN.findall(response.content.decode())[0]
    assert client.post("/deconnexion/", {"csrfmiddlewaretoken": token}).status_code == 302


def test_kept_page_asks_four_queries_and_no_table_of_comments(log_in, django_assert_num_queries):
    version = make_consultation()
    client = log_in("member")
    client.get(url(version))
    with django_assert_num_queries(4) as asked:
        client.get(url(version))
    assert not any("roadmap_comment" in query["sql"] for query in asked.captured_queries)


def test_page_is_rendered_out_of_reach_of_any_person(log_in, monkeypatch):
    seen = []
    monkeypatch.setattr(
        shared_page,
        "render_to_string",
        lambda _template, _context, request: seen.append(request) or f"<p>{shared_page._GAP}</p>",
    )
    log_in("administrator").get(url(make_consultation()))
    (request,) = seen
    assert not request.COOKIES and not request.META and not request.GET and not hasattr(request, "session")
    assert {name for name in dir(request.user) if not name.startswith("_")} == {
        "is_authenticated",
        "is_anonymous",
    }


def test_discussion_moves_its_own_counter_and_the_public_s_only_when_public(people):
    version = make_consultation()
    assert people["member"]
    comment_counter, public = current_version(Counter.MEMBERS), current_version()
    comment(version, people)
    assert current_version(Counter.MEMBERS) > comment_counter
    assert current_version() == public
    version.status = VersionStatus.VOTE
    version.save()
    assert current_version() > public


def test_pages_of_one_version_take_one_place(log_in, people):
    version = make_consultation()
    client = log_in("member")
    for _turn in range(3):
        comment(version, people)
        client.get(url(version))
    assert len([key for key in caches["pages"]._cache if "version_detail" in key]) == 1
