"""The design keeps its promises: contrast, weight, nothing from elsewhere, nothing inline, one set of icons."""

import re
from pathlib import Path
from typing import Any

import brotli
import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout, Submit
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory

from core.templatetags import ui

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
CSS = (STATIC / "css/portal.css").read_text()
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if "emails" not in path.parts]


def tokens() -> dict[str, tuple[str, str]]:
    """Return each colour token's value in light and in dark."""
    found = {}
    for name, value in re.findall(
        r"--([\w-]+):\s*(light-dark\([^)]*\)|#[0-9a-f]{3,8})\s*;", CSS.split("}")[0]
    ):
        colours = re.findall(r"#[0-9a-f]{3,8}", value)
        found[name] = (colours[0], colours[-1])
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


COLOURED = [
    "axis-1",
    "axis-2",
    "axis-3",
    "innover",
    "attirer",
    "recruter",
    "simplifier",
    "ok",
    "warn",
    "bad",
    "info",
]
TEXT_PAIRS = [
    *[(text, ground) for text in ("ink", "soft", "link") for ground in ("paper", "surface", "stone")],
    *[(text, ground) for text in COLOURED for ground in ("paper", "surface", "stone")],
    *[("ink", f"{tone}-wash") for tone in ("ok", "warn", "bad", "info")],
    *[(tone, f"{tone}-wash") for tone in ("ok", "warn", "bad", "info")],
    *[("surface", tone) for tone in ("ok", "warn", "bad", "info", "soft")],
    ("ink", "wash"),
    ("soft", "wash"),
    ("on-sun", "sun"),
    ("on-primary", "primary"),
]
EDGE_PAIRS = [(edge, ground) for edge in ("edge", "focus") for ground in ("paper", "surface", "stone")]


def test_contrast_of_black_on_white_is_21() -> None:
    """The measure itself, by two values that WCAG gives."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_reaches_aa(text: str, ground: str, scheme: int) -> None:
    """4.5 to 1 in both schemes."""
    values = tokens()
    assert contrast(values[text][scheme], values[ground][scheme]) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_edges_of_controls_reach_3_to_1(edge: str, ground: str, scheme: int) -> None:
    """What shows where a field or the focus is."""
    values = tokens()
    assert contrast(values[edge][scheme], values[ground][scheme]) >= 3


def test_focus_shows_on_the_sun() -> None:
    """The hero's ground is the sun in light, the paper in dark."""
    values = tokens()
    assert contrast(values["focus"][0], values["sun"][0]) >= 3


def test_every_variable_used_is_defined() -> None:
    """A mistyped token is silent in a browser."""
    defined = set(re.findall(r"(--[\w-]+)\s*:", CSS))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= defined


def test_style_sheet_keeps_its_budget() -> None:
    """45 KB as written, 11 KB as sent."""
    raw = CSS.encode()
    assert len(raw) <= 45 * 1024
    assert len(brotli.compress(raw, quality=11)) <= 11 * 1024


def test_script_keeps_its_budget() -> None:
    """2 KB as written on every page; 10 KB with those of the door, the administration and the passkeys."""
    assert (STATIC / "js" / "portal.js").stat().st_size <= 2 * 1024
    assert sum(path.stat().st_size for path in (STATIC / "js").rglob("*.js")) <= 10 * 1024


def test_drawings_keep_their_budget() -> None:
    """What a first visit fetches besides."""
    assert (
        sum((STATIC / "img" / name).stat().st_size for name in ("icons.svg", "mark.svg", "horizon.svg"))
        <= 15_000
    )


@pytest.mark.parametrize("path", sorted((STATIC / "css").rglob("*.css")), ids=lambda path: path.name)
def test_style_sheets_stay_at_home(path: Path) -> None:
    """No import, no foreign address, no data: address (the CSP refuses it), and each file named is there."""
    text = path.read_text()
    assert "@import" not in text
    for address in re.findall(r"url\(['\"]?([^'\")]+)", text):
        assert not re.match(r"[a-z]+:|//", address)
        assert (path.parent / address).resolve().is_file()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_template_is_fit_for_the_csp(path: Path) -> None:
    """Nothing inline, nothing from a third party, and each static file named exists."""
    text = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b|\sstyle\s*=|\son\w+\s*=\s*[\"']|javascript:", text, re.IGNORECASE)
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes or "application/ld+json" in attributes
    assert not re.search(
        r"(?:\ssrc|\saction|<link[^>]*\shref)\s*=\s*[\"'](?:https?:)?//", text, re.IGNORECASE
    )
    for name in re.findall(r"{%\s*static\s+['\"]([^'\"]+)['\"]", text):
        assert finders.find(name), name


def icon_names() -> list[str]:
    """Return the icons in the order of their column."""
    return re.findall(r'id="([\w-]+)"', (STATIC / "img/icons.svg").read_text())


def test_icons_of_the_style_sheet_are_those_of_the_column() -> None:
    """The n-th class shows the n-th drawing, and the drawing is as high as the column says."""
    classes = dict(re.findall(r"\.i-([\w-]+) { --i: (\d+) }", CSS))
    names = icon_names()
    assert classes == {name: str(row) for row, name in enumerate(names)}
    assert f'height="{24 * len(names)}"' in (STATIC / "img/icons.svg").read_text()


def test_icons_that_templates_name_exist() -> None:
    """A mistyped name would show the first icon, or none."""
    known = set(icon_names())
    for path in PAGES:
        text = path.read_text()
        used = set(
            re.findall(r"(?<![\w-])i-([a-z]+)(?![\w-])", " ".join(re.findall(r'class="([^"]*)"', text)))
        )
        used |= set(re.findall(r"{% icon ['\"]([\w-]+)['\"]", text))
        assert used <= known, path


def test_pills_have_an_icon_and_a_tone_of_the_style_sheet() -> None:
    """Every state known to the design can be shown."""
    for tone in ui.STATES.values():
        css_class, icon = ui.TONES[tone]
        assert icon in icon_names()
        assert not css_class or f".{css_class} " in CSS


def test_pill_escapes_its_label_and_shows_an_unknown_state_plainly() -> None:
    """The label is somebody's text."""
    assert ui.pill("blocked", "<b>") == '<span class="pill pill-bad ico i-close">&lt;b&gt;</span>'
    assert ui.pill("never-heard-of", "X") == '<span class="pill  ico i-dot">X</span>'


# --- helpers of lists ---


def context(address: str) -> Any:
    """Return what a tag that takes the context needs."""
    return {"request": RequestFactory().get(address)}


def test_page_url_keeps_the_filters_and_drops_the_first_page() -> None:
    """A page's address is one address."""
    assert (
        ui.page_url(context("/vitrine/?q=eau&secteur=a&secteur=b&page=4"), 3)
        == "?q=eau&secteur=a&secteur=b&page=3"
    )
    assert ui.page_url(context("/vitrine/?page=2"), 1) == "/vitrine/"


def test_query_without_removes_one_value_of_several() -> None:
    """Removing a chip keeps the others and goes back to the first page."""
    here = context("/vitrine/?secteur=a&secteur=b&page=2")
    assert ui.query_without(here, "secteur", "a") == "?secteur=b"
    assert ui.query_without(context("/vitrine/?secteur=a"), "secteur", "a") == "/vitrine/"
    assert ui.query_without(here, "commune", "x") == "?secteur=a&secteur=b"


def test_pagination_shows_neighbours_and_ends() -> None:
    """Twenty pages, in the middle."""
    paginator = Paginator(range(200), 10)
    html = render(
        '{% include "includes/_pagination.html" %}',
        page=paginator.page(10),
        request=RequestFactory().get("/x/?q=a"),
    )
    assert re.findall(r"page=(\d+)\"", html) == ["9", "9", "10", "11", "20", "11"]
    assert 'aria-current="page" href="?q=a&amp;page=10"' in html
    assert render('{% include "includes/_pagination.html" %}', page=Paginator([], 10).page(1)).strip() == ""


# --- the form pack ---


class Sample(forms.Form):
    """One field of each kind."""

    email = forms.EmailField(label="Address", help_text="The one of your invitation.")
    text = forms.CharField(label="Text", widget=forms.Textarea, max_length=2000, required=False)
    voice = forms.ChoiceField(
        label="Voice",
        choices=[("pour", "For"), ("contre", "Against")],
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )
    topics = forms.MultipleChoiceField(
        label="Topics", choices=[("a", "A")], widget=forms.CheckboxSelectMultiple, required=False
    )
    agreed = forms.BooleanField(label="Agreed")
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def render(source: str, **values: Any) -> str:
    """Render a piece of template as the portal does."""
    return engines["django"].from_string(source).render(values, values.get("request"))


def test_form_links_labels_help_and_errors_to_their_fields() -> None:
    """What a screen reader relies on."""
    html = render("{% load crispy_forms_tags %}{{ form|crispy }}", form=Sample({"email": "no"}))
    assert '<label for="id_email">Address</label>' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert re.search(r'<p class="error[^"]*" id="id_email_error">', html)
    assert re.search(r'<input type="email"[^>]*aria-invalid="true"', html)
    assert re.search(
        r'<fieldset aria-describedby="id_voice_error" class="field has-error">\s*<legend>Voice', html
    )
    assert 'class="choice choice-pour"' in html
    assert 'id="id_text_counter"' in html
    assert html.count('type="hidden"') == 1


def test_error_summary_links_to_fields_that_exist() -> None:
    """Each link lands on a control, and there is none on a clean form."""
    html = render("{% load crispy_forms_tags %}{{ form|crispy }}", form=Sample({"email": "no"}))
    targets = re.findall(r'<li><a href="#([\w-]+)">', html)
    assert targets == ["id_email", "id_voice_0", "id_agreed"]
    assert all(f'id="{target}"' in html for target in targets)
    assert "error-summary" not in render("{% load crispy_forms_tags %}{{ form|crispy }}", form=Sample())


def test_form_says_what_is_optional() -> None:
    """Required is the rule, so the exceptions are marked; boxes that one may leave unticked say it by themselves."""
    html = render("{% load crispy_forms_tags %}{{ form|crispy }}", form=Sample())
    assert html.count('class="optional"') == 1
    assert html.index('name="text"') > html.index('class="optional"') > html.index('for="id_text"')


def test_crispy_tag_renders_a_layout_with_its_buttons() -> None:
    """FormHelper, Fieldset, Div and Submit of our own pack."""

    class Laid(Sample):
        """A form with a layout."""

        helper = FormHelper()
        helper.layout = Layout(Fieldset("Who", "email"), Div("text", css_class="field-row"), "voice")
        helper.add_input(Submit("save", "Save"))

    request = RequestFactory().get("/")
    html = render("{% load crispy_forms_tags %}{% crispy form %}", form=Laid(), request=request)
    assert re.search(r'<form[^>]*method="post"', html)
    assert "csrfmiddlewaretoken" in html
    assert "<legend>Who</legend>" in html
    assert '<div class="field-row">' in html
    assert re.search(r'<button type="submit" name="save"[^>]*class="btn btn-primary"', html)
    assert "Topics" not in html


def test_formset_renders_its_management_form() -> None:
    """Both ways of crispy."""
    rows = forms.formset_factory(Sample, extra=2)(prefix="row")
    for source in ("{{ rows|crispy }}", "{% crispy rows helper %}"):
        helper = FormHelper()
        html = render("{% load crispy_forms_tags %}" + source, rows=rows, helper=helper)
        assert 'name="row-TOTAL_FORMS"' in html
        assert 'for="id_row-1-email"' in html
