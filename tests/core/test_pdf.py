"""Tagged PDF files from data that is never source."""

import string
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from core import pdf
from core.pdf import PdfError, compile_pdf, markdown_data
from tests.helpers.pdf import Pdf

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PAGE = """#import "/pdf/page.typ": *
#show: page-frame.with(footer: "Pied", number: "Page")
= #data.title
#blocks(data.body)
"""


@pytest.fixture(autouse=True)
def template(monkeypatch, tmp_path):
    """A template of the test's own, beside a copy of the real page."""
    page = Path(pdf._templates(), "pdf", "page.typ").read_text(encoding="utf-8")
    (tmp_path / "pdf").mkdir()
    (tmp_path / "pdf" / "page.typ").write_text(page, encoding="utf-8")
    (tmp_path / "trial.typ").write_text(PAGE, encoding="utf-8")
    (tmp_path / "broken.typ").write_text("#nothing-of-that-name", encoding="utf-8")
    monkeypatch.setattr(pdf, "_templates", lambda: tmp_path)
    pdf._compiler.cache_clear()
    yield
    pdf._compiler.cache_clear()


def made(text: str, *, language: str = "fr", title: str = "Été : la séance") -> bytes:
    data = {"body": markdown_data(text, language=language)}
    return compile_pdf("trial.typ", data, language=language, title=title, at=AT)


def test_the_file_is_tagged_titled_and_in_its_language():
    found = Pdf(made("Un mot.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |", language="en"))
    assert found.is_tagged and found.language.startswith("en")
    assert "<pdfuaid:part>1</pdfuaid:part>" in found.metadata
    assert "<pdfaid:part>2</pdfaid:part>" in found.metadata and "Été : la séance" in found.metadata
    assert "2026-03-01T09:30:00+00:00" in found.metadata
    tags = found.tags()
    assert {"H1", "P", "L", "LI", "Table", "TH", "TD"} <= set(tags)
    assert "/DisplayDocTitle true" in found.catalogue.decode("latin-1")


def test_the_tests_reader_finds_every_glyph_whatever_its_number():
    """Glyphs are numbered as they come: the 40th and the 41st are written as parentheses, nested as their letters."""
    letters = string.ascii_letters + string.digits
    words = [2 * (before * 3 + after * 3) for before, after in pairwise(letters)]
    text = Pdf(made(" ".join([letters, *words]))).text()
    assert [word for word in (letters, *words) if word not in text] == []


def test_what_people_typed_is_never_source():
    typed = 'Lire #read("/etc/passwd") et #import "x.typ": * $x^2$ <label> @ref // fin \\u{41} `#panic()`'
    text = Pdf(made(typed, title="#panic()")).text()
    for part in (
        "#read(«\u00a0/etc/passwd\u00a0»)",
        "#import «\u00a0x.typ\u00a0»\u00a0: *",
        "$x^2$",
        "<label>",
        "@ref // fin",
        "#panic()",
    ):
        assert part in text, part
    assert "root:" not in text


def test_french_text_keeps_its_accents_and_gets_its_spaces():
    text = Pdf(made("Œuvrer à l’été : « déjà », 14 h 30 ; 1 000 € !")).text()
    assert (
        "Œuvrer à l’été\u00a0: «\u00a0déjà\u00a0», 14\u00a0h\u00a030\u202f; 1\u202f000\u00a0€\u202f!" in text
    )


def test_a_character_that_no_font_has_becomes_a_square_and_the_file_is_made():
    text = Pdf(made("Fête 🎉🥳 漢字 a\u0000b\ue000c\u2028d \x07.")).text()
    assert "Fête □□ □□ a\ufffdbc d ." in text and "🎉" not in text


def test_the_same_data_gives_the_same_bytes():
    pdf._compiler.cache_clear()
    first = made("Un **mot** et [un lien](https://example.org).\n\n1. un\n2. deux\n\n> cité")
    pdf._compiler.cache_clear()
    assert made("Un **mot** et [un lien](https://example.org).\n\n1. un\n2. deux\n\n> cité") == first


def test_a_link_to_a_script_is_text():
    content = made("[clic](javascript:alert(1))")
    assert b"javascript" not in content and "clic" in Pdf(content).text()


def test_a_fault_of_the_template_is_said():
    with pytest.raises(PdfError, match="broken"):
        compile_pdf("broken.typ", {}, language="fr", title="T", at=AT)


@pytest.mark.parametrize(
    "text",
    ["le [mot]() clé", f"le [mot](https://a.example/{'b' * 9000}) clé", "> " * 19 + "le mot clé"],
    ids=["no address", "endless address", "deep quotation"],
)
def test_what_typst_refuses_in_a_text_is_written_without_it(text):
    assert "le mot clé" in Pdf(made(text)).text()


def some(start: int, count: int) -> str:
    """As many words, one a character from a code point on."""
    return " ".join(map(chr, range(start, start + count)))


def test_a_text_with_any_number_of_unknown_words_is_made_and_keeps_what_fonts_have(monkeypatch):
    compiled = []
    compile_once = pdf._compile
    monkeypatch.setattr(pdf, "_compile", lambda *args: compiled.append(1) or compile_once(*args))
    text = Pdf(made(f"Été, λόγος, слово. {some(0x13000, 300)} {some(0x1200, 60)} Fin.")).text()
    assert "Été, λόγος, слово." in text and "Fin." in text, "scripts that the fonts have stay"
    assert "□ □" in text and "𓀀" not in text
    assert len(compiled) < 30, "whole scripts at once"


def test_a_text_in_more_scripts_than_anybody_reads_keeps_its_french(monkeypatch):
    monkeypatch.setattr(pdf, "_WORD_BY_WORD", 2)
    monkeypatch.setattr(pdf, "_SCRIPT_BY_SCRIPT", 2)
    scripts = (0x13000, 0x12000, 0x1200, 0x10A00, 0x1780, 0x1C00, 0xA500, 0x16800)
    known = (
        "".join(map(chr, [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180)])) + pdf._PUNCTUATION
    )
    text = Pdf(made("Été. " + " ".join(some(start, 10) for start in scripts), title=known)).text()
    assert "Été." in text and "□ □" in text
