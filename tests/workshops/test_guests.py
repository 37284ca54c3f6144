"""Guest lists as people type them."""

import pytest

from workshops.guests import MAX_LINES, Guest, parse_guests


@pytest.mark.parametrize(
    ("line", "guest"),
    [
        ("Ana Ruiz <ana@example.org>", Guest("Ana Ruiz", "ana@example.org")),
        ('"Ruiz, Ana" <ana@example.org>;', Guest("Ruiz, Ana", "ana@example.org")),
        ("ana@example.org", Guest("ana@example.org", "ana@example.org")),
        ("  <ana@example.org>  ", Guest("ana@example.org", "ana@example.org")),
        ("Zoé Œuvrard <zoe@EXAMPLE.org>,", Guest("Zoé Œuvrard", "zoe@example.org")),
    ],
)
def test_parse_guests_reads_a_name_and_an_address(line: str, guest: Guest) -> None:
    assert parse_guests(line) == ([guest], [])


def test_parse_guests_names_every_bad_line_by_its_number() -> None:
    text = "ana@example.org\n\nnobody\nBo <bo@>\nCy <cy@example.org>\nANA@example.org\n<script>@example.org"
    guests, bad = parse_guests(text)
    assert [guest.email for guest in guests] == ["ana@example.org", "cy@example.org"]
    assert [line.number for line in bad] == [3, 4, 6, 7]
    assert "nobody" in str(bad[0])


def test_parse_guests_refuses_a_header_injected_by_control_characters() -> None:
    guests, bad = parse_guests("Ana\x00\x1b <ana@example.org>\rBcc: x@example.org")
    assert guests == [Guest("Ana", "ana@example.org")]
    assert [line.number for line in bad] == [2]


def test_parse_guests_stops_at_a_list_too_long() -> None:
    guests, bad = parse_guests("\n".join(f"p{number}@example.org" for number in range(MAX_LINES + 5)))
    assert len(guests) == MAX_LINES
    assert [line.number for line in bad] == [MAX_LINES + 1]


def test_parse_guests_says_who_has_no_address() -> None:
    _guests, bad = parse_guests("Ana Ruiz\nBo Roux <>")
    assert [(line.number, line.text) for line in bad] == [(1, "Ana Ruiz"), (2, "Bo Roux <>")]
    assert all("il manque l’adresse" in str(line) for line in bad)
