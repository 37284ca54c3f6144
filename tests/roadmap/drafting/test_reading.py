"""A version as one reads it: rendered once, counts put in at each request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Block, Comment
from roadmap.drafting.reading import read
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version

pytestmark = pytest.mark.django_db


def test_published_text_is_rendered_once_for_each_language() -> None:
    version = make_version(VersionStatus.ADOPTED)
    french = read(version, with_comments=False)
    with CaptureQueriesContext(connection) as queries:
        assert read(version, with_comments=False) is french
    assert not queries.captured_queries
    with translation.override("en"):
        english = read(version, with_comments=False)
    assert "Paragraph 1.1.1 of the draft." in english.body({}, {}) and english is not french


def test_public_text_is_never_the_members_one() -> None:
    version = make_version(VersionStatus.ADOPTED)
    assert "para-count" in read(version, with_comments=True).body({}, {})
    assert "para-count" not in read(version, with_comments=False).body({}, {})


def test_two_versions_are_kept_apart() -> None:
    one, two = make_version(VersionStatus.ADOPTED), make_version(VersionStatus.ADOPTED, axes=2)
    assert 'id="p2"' not in read(one, with_comments=False).body({}, {})
    assert 'id="p2"' in read(two, with_comments=False).body({}, {})


def test_counts_and_the_open_section_are_put_in_their_places() -> None:
    reading = read(make_consultation(), with_comments=True)
    html = reading.body({"1.1.2": 7}, {"1.1.1": "<section>open</section>"})
    assert "\0" not in html and "<section>open</section>" in html and 'id="p1.1.1"' not in html
    assert "</span>7</a>" in html


def test_counts_leave_out_what_other_versions_have_in_between() -> None:
    version = make_consultation()
    last = Block.objects.get(version=version, label="1.1.2")
    other = make_consultation()
    in_other = Block.objects.get(version=other, label="1.1.1")
    for block in (last, last, in_other):
        CommentFactory(block=block)
    far = {last.pk: "1.1.2", in_other.pk + 1000: "9.9.9"}  # a range that spans the other version's blocks
    assert Comment.objects.counts_by_label(far) == {"1.1.2": 2}
    assert Comment.objects.counts_by_label({}) == {}


def test_markdown_of_a_paragraph_is_safe_and_french() -> None:
    version = make_version()
    Block.objects.filter(version=version, label="1.1.1").update(
        body_fr="**Attention** : <img src=x onerror=a> oui ?"
    )
    html = read(version, with_comments=False).body({}, {})
    assert "<strong>Attention</strong>&nbsp;:" in html and "<img" not in html and "oui\u202f?" in html
