"""ProConnect, against a server of our own: who gets in, and all the ways in which an answer may be wrong."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from industrie_positive import env
from members.models import User
from members.proconnect.matching import Refusal
from tests.helpers.browser import PATIENCE, axe
from tests.members import oidc_server
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory
from tests.members.proconnect import LOGIN, SIREN, SIRET, assert_refused, browse, go

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


# --- off ---


def test_off_there_is_no_button_and_no_page(client):
    assert "ProConnect" not in client.get(reverse("account_login")).content.decode()
    for name in ("proconnect_login", "proconnect_callback", "proconnect_logged_out"):
        assert client.get(reverse(name)).status_code == 404


@pytest.mark.parametrize("missing", ["URL", "CLIENT_ID", "CLIENT_SECRET"])
def test_half_a_configuration_stops_the_start(monkeypatch, missing):
    names = [f"PROCONNECT_{part}" for part in ("URL", "CLIENT_ID", "CLIENT_SECRET")]
    for name in names:
        monkeypatch.setenv(name, "" if name.endswith(missing) else "https://x")
    with pytest.raises(ImproperlyConfigured, match=f"PROCONNECT_{missing} is missing"):
        env.together(*names)


@pytest.mark.parametrize(
    "value", ["http://proconnect.example.org", "proconnect", "https://", "https://x/?a=1"]
)
def test_address_without_tls_stops_the_start(value):
    with pytest.raises(ImproperlyConfigured):
        env.https_address("PROCONNECT_URL", value)
    assert (
        env.https_address("PROCONNECT_URL", "https://a.example.org/api/v2/") == "https://a.example.org/api/v2"
    )


# --- the way in ---


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_known_person_of_a_known_organisation_gets_in(proconnect, ada, client, algorithm):
    proconnect.algorithm = algorithm
    key = client.session.session_key
    response = go(client)
    assert (response.status_code, response["Location"]) == (302, "/espace/")
    assert client.session[SESSION_KEY] == str(ada.pk)
    assert client.session.session_key != key
    tie = SocialAccount.objects.get()
    assert (tie.user, tie.provider, tie.uid) == (ada, "proconnect", f"{proconnect.url}#{'a' * 64}")
    # Of what ProConnect says, nothing is kept that is not needed.
    assert tie.extra_data == {"idp_id": "idp-1"}
    assert not SocialToken.objects.exists()
    assert client.get("/espace/").status_code == 200


def test_what_is_asked_of_proconnect_is_what_it_documents(proconnect, client):
    """Our server refuses more parameters, fewer scopes, shorter secrets: this reads what it got."""
    location = client.get(f"{LOGIN}?scope=groups&auth_params=prompt%3Dnone&action=x&process=connect")[
        "Location"
    ]
    query = parse_qs(urlsplit(location).query)
    assert set(query) == oidc_server.AUTHORIZE
    assert set(query["scope"][0].split()) == oidc_server.SCOPES
    assert len(query["state"][0]) >= 32 and len(query["nonce"][0]) >= 32
    assert query["state"] != query["nonce"]
    assert query["redirect_uri"] == ["http://testserver/connexion/proconnect/retour/"]
    again = parse_qs(urlsplit(client.get(LOGIN)["Location"]).query)
    assert again["state"] != query["state"] and again["nonce"] != query["nonce"]


def test_english_login_comes_back_by_the_same_address_and_goes_on_in_english(proconnect, ada, client):
    response = go(client, f"/en{LOGIN}")
    assert response["Location"] == "/en/espace/"
    proconnect.person["email"] = "nobody@example.org"
    proconnect.person["sub"] = "b" * 64
    page = go(Client(), f"/en{LOGIN}").content.decode()
    assert "No account of the portal" in page and 'lang="en"' in page


def test_next_is_kept_when_it_is_ours(proconnect, ada):
    assert go(Client(), f"{LOGIN}?next=/ateliers/")["Location"] == "/ateliers/"
    assert go(Client(), f"{LOGIN}?next=https://evil.example.org/")["Location"] == "/espace/"
    assert go(Client(), f"{LOGIN}?next=//evil.example.org/")["Location"] == "/espace/"


def test_second_factor_is_asked_of_those_who_have_one(proconnect, ada, client):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(ada, generate_totp_secret())
    assert Authenticator.objects.filter(user=ada).exists()
    response = go(client)
    assert response.status_code == 302 and response["Location"] == reverse("mfa_authenticate")
    assert SESSION_KEY not in client.session


def test_button_is_on_the_login_page_when_on(proconnect, client):
    page = client.get(f"{reverse('account_login')}?next=/ateliers/").content.decode()
    assert 'href="/connexion/proconnect/?next=%2Fateliers%2F"' in page


# --- answers that prove nothing ---

WRONG_TOKENS = [
    ("signed by a stranger", {"sign": "stranger"}),
    ("not signed", {"sign": "none"}),
    ("signed with the public key as a secret", {"sign": "hmac"}),
    ("of an unknown key", {"sign": "unknown-kid"}),
    ("changed after signing", {"sign": "changed"}),
    ("for another service", {"aud": "another-service"}),
    ("for nobody", {"aud": None}),
    ("of another issuer", {"iss": "https://proconnect.example.org/api/v2"}),
    ("of no issuer", {"iss": None}),
    ("too old", {"exp": 1_600_000_000}),
    ("without an end", {"exp": None}),
    ("from the future", {"nbf": 4_000_000_000}),
    ("of nobody", {"sub": None}),
    ("of somebody else", {"sub": "z" * 64}),
]


@pytest.mark.parametrize("token", ["id_token", "userinfo"])
@pytest.mark.parametrize(("_why", "change"), WRONG_TOKENS, ids=[why for why, _change in WRONG_TOKENS])
def test_wrong_token_opens_nothing(proconnect, ada, client, token, _why, change):
    if "sign" in change:
        setattr(proconnect, f"sign_{token}", change["sign"])
    else:
        setattr(proconnect, token, change)
    assert_refused(go(client), client, Refusal.PROOF, 400)


@pytest.mark.parametrize("nonce", ["n" * 48, "", None, 7])
def test_wrong_nonce_opens_nothing(proconnect, ada, client, nonce):
    proconnect.id_token = {"nonce": nonce}
    assert_refused(go(client), client, Refusal.PROOF, 400)


def test_userinfo_in_plain_json_opens_nothing(proconnect, ada, client):
    proconnect.plain_userinfo = True
    assert_refused(go(client), client, Refusal.PROOF, 400)


def test_server_that_calls_itself_otherwise_is_not_asked(proconnect, ada, client):
    proconnect.issuer = "https://other.example.org"
    assert_refused(client.get(LOGIN), client, Refusal.UNREACHABLE, 502)
    assert "/authorize" not in proconnect.asked


def test_state_of_another_browser_or_used_twice_opens_nothing(proconnect, ada):
    victim, attacker = Client(), Client()
    back = urlsplit(browse(attacker.get(LOGIN)["Location"]))
    path = f"{back.path}?{back.query}"
    assert_refused(victim.get(path), victim, Refusal.STATE, 400)
    for forged in ("?code=x", "?code=x&state=", f"?code=x&state={'s' * 48}"):
        response = victim.get(back.path + forged)
        assert_refused(response, victim, Refusal.STATE, 400)
    assert "/token" not in proconnect.asked
    assert attacker.get(path).status_code == 302
    second = attacker.get(path)
    assert (second.status_code, second.context["refusal"]) == (400, Refusal.STATE)


def test_code_of_another_login_opens_nothing(proconnect, ada):
    """A code put into another person's return: its nonce is another."""
    other, client = Client(), Client()
    stolen = parse_qs(urlsplit(browse(other.get(LOGIN)["Location"])).query)["code"][0]
    state = parse_qs(urlsplit(client.get(LOGIN)["Location"]).query)["state"][0]
    response = client.get("/connexion/proconnect/retour/", {"code": stolen, "state": state})
    assert_refused(response, client, Refusal.PROOF, 400)


def test_person_who_gives_up_is_back_at_the_login_page(proconnect, ada, client):
    proconnect.denied = True
    response = go(client)
    assert (response.status_code, response["Location"]) == (302, reverse("account_login"))


@pytest.mark.parametrize("broken", ["/.well-known/openid-configuration", "/token", "/userinfo", "/jwks"])
def test_broken_server_gives_a_page_not_a_crash(proconnect, ada, client, broken):
    if broken.startswith("/.well"):
        proconnect.broken = {broken}
        assert_refused(client.get(LOGIN), client, Refusal.UNREACHABLE, 502)
        return
    location = client.get(LOGIN)["Location"]
    proconnect.broken = {broken}
    back = urlsplit(browse(location))
    assert_refused(client.get(f"{back.path}?{back.query}"), client, Refusal.PROOF, 400)


def test_absent_server_gives_a_page_not_a_crash(proconnect, ada, client, settings):
    settings.PROCONNECT_URL = "http://127.0.0.1:9/api/v2"
    assert_refused(client.get(LOGIN), client, Refusal.UNREACHABLE, 502)


def test_log_says_why_and_not_who(proconnect, client, caplog):
    proconnect.sign_userinfo = "stranger"
    go(client)
    go(Client())
    text = caplog.text
    assert "ProConnect refused: proof" in text and "InvalidSignatureError" in text
    for secret in ("ada", "Colin", SIRET, "a" * 64, "access-", "eyJ"):
        assert secret not in text


# --- who ---


def test_unknown_person_creates_nothing(proconnect, client):
    OrganisationFactory(siren=SIREN)
    before = User.objects.count()
    assert_refused(go(client), client, Refusal.UNKNOWN_PERSON)
    assert User.objects.count() == before


@pytest.mark.parametrize("siret", ["55208131766522", "", None, "73282932", "7328293", 7])
def test_unknown_organisation_opens_nothing(proconnect, ada, client, siret):
    proconnect.person["siret"] = siret
    OrganisationFactory(siren="")
    assert_refused(go(client), client, Refusal.UNKNOWN_ORGANISATION)


def test_another_establishment_of_the_organisation_is_the_organisation(proconnect, ada, client):
    proconnect.person["siret"] = f"{SIREN} 00017"
    assert go(client)["Location"] == "/espace/"


@pytest.mark.parametrize("days", [(-400, -1), (-400, 0), (1, None)])
def test_mandate_of_another_day_opens_nothing(proconnect, ada, client, days):
    today = timezone.localdate()
    start, end = days
    mandate = ada.mandates.get()
    mandate.starts_on = today + timedelta(days=start)
    mandate.ends_on = None if end is None else today + timedelta(days=end)
    mandate.save()
    assert_refused(go(client), client, Refusal.UNKNOWN_ORGANISATION)


def test_mandate_that_ends_tomorrow_still_opens(proconnect, ada, client):
    ada.mandates.update(ends_on=timezone.localdate() + timedelta(days=1))
    assert go(client)["Location"] == "/espace/"


def test_mandate_of_somebody_else_in_that_organisation_opens_nothing(proconnect, client):
    UserFactory(email="ada.colin@example.org", last_login=timezone.now())
    MandateFactory(organisation=OrganisationFactory(siren=SIREN))
    assert_refused(go(client), client, Refusal.UNKNOWN_ORGANISATION)


@pytest.mark.parametrize("email", ["ADA.Colin@Example.ORG", " ada.colin@example.org "])
def test_address_is_compared_as_the_portal_writes_it(proconnect, ada, client, email):
    proconnect.person["email"] = email
    assert go(client)["Location"] == "/espace/"


@pytest.mark.parametrize("email", ["аda.colin@example.org", "", None, "ada.colin@example.org.evil.example"])
def test_address_that_looks_alike_is_another(proconnect, ada, client, email):
    proconnect.person["email"] = email
    assert_refused(go(client), client, Refusal.UNKNOWN_PERSON)


def test_address_not_verified_opens_nothing(proconnect, ada, client):
    proconnect.person["email_verified"] = False
    assert_refused(go(client), client, Refusal.UNVERIFIED)


def test_closed_account_stays_closed(proconnect, ada, client):
    assert go(Client())["Location"] == "/espace/"
    User.objects.filter(pk=ada.pk).update(is_active=False)
    response = go(client)
    assert (response.status_code, response.context["refusal"]) == (403, Refusal.CLOSED)
    assert SESSION_KEY not in client.session


def test_demo_account_opens_nothing_in_production(proconnect, ada, client, settings):
    settings.PRODUCTION = True
    assert_refused(go(client), client, Refusal.CLOSED)


# --- leaving ---


def test_logout_ends_proconnects_session_too(proconnect, ada, client):
    go(client)
    response = client.post(reverse("account_logout"))
    assert response.status_code == 200 and SESSION_KEY not in client.session
    url = response.headers["Refresh"].removeprefix("0; url=")
    back = urlsplit(browse(url))
    asked = proconnect.ended[0]
    assert set(asked) == {"id_token_hint", "state", "post_logout_redirect_uri"}
    assert asked["id_token_hint"].count(".") == 2 and len(asked["state"]) >= 32
    assert asked["post_logout_redirect_uri"] == "http://testserver/deconnexion/proconnect/retour/"
    home = client.get(f"{back.path}?{back.query}", follow=True)
    assert home.redirect_chain == [("/", 302)]
    assert "ProConnect" in home.content.decode()
    assert "ProConnect" not in client.get("/").content.decode()


def test_get_logs_nobody_out(proconnect, ada, client):
    go(client)
    client.get(reverse("account_logout"))
    assert SESSION_KEY in client.session and not proconnect.ended


def test_logout_of_a_password_session_stays_here(proconnect, ada, client):
    client.force_login(ada)
    response = client.post(reverse("account_logout"))
    assert response.status_code == 302 and "Refresh" not in response.headers


def test_return_with_another_state_says_nothing(proconnect, client):
    response = client.get(reverse("proconnect_logged_out"), {"state": "x" * 48}, follow=True)
    assert "déconnecté" not in response.content.decode().lower()


def test_refused_person_can_leave_proconnect_to_choose_another_identity(proconnect, client):
    response = go(client)
    url = response.context["leave_url"]
    assert url.startswith(f"{proconnect.url}/session/end?") and "id_token_hint=" in url
    back = urlsplit(browse(url))
    assert client.get(f"{back.path}?{back.query}").status_code == 302


def test_login_begun_by_somebody_logged_in_leads_to_their_space(proconnect, client_for):
    client = client_for("member")
    assert client.get(LOGIN)["Location"] == "/espace/"
    assert proconnect.asked == []


def test_person_who_came_in_meanwhile_gives_way_to_the_one_proconnect_presents(
    proconnect, ada, client, people
):
    """Two tabs: the login began in one, a colleague logged in by password in the other."""
    begun = client.get(LOGIN)["Location"]
    people["member"].set_password("a sentence of a colleague")
    people["member"].save()
    client.post(
        reverse("account_login"),
        {"login": people["member"].email, "password": "a sentence of a colleague"},
    )
    assert client.session[SESSION_KEY] == str(people["member"].pk)
    back = urlsplit(browse(begun))
    client.get(f"{back.path}?{back.query}")
    assert client.session[SESSION_KEY] == str(ada.pk)


# --- in a browser ---


@pytest.mark.django_db(transaction=True)
def test_in_a_browser_in_and_out(browser, live_server, proconnect, ada, settings):
    """A page of its own: the ready one refuses other sites, and ProConnect is one. No CSP refusal may show."""
    settings.SITE_URL = live_server.url
    context = browser.new_context(base_url=live_server.url, locale="fr-FR")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    refusals: list[str] = []
    page.on("console", lambda line: refusals.append(line.text) if "Content Security" in line.text else None)
    page.goto("/connexion/?next=/espace/")
    axe(page)
    page.get_by_role("link", name="Se connecter avec ProConnect").click()
    page.wait_for_url(f"{live_server.url}/espace/")  # whole: the login page's own address ends with it
    page.goto("/deconnexion/")
    page.locator("main").get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(f"{live_server.url}/")
    assert len(proconnect.ended) == 1
    assert "de ProConnect aussi" in page.content()
    proconnect.person |= {"sub": "c" * 64, "email": "nobody@example.org"}
    page.goto("/connexion/proconnect/")
    assert "Aucun compte du portail" in page.content()
    axe(page)
    context.close()
    assert not refusals, refusals
