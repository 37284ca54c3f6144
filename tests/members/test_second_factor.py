"""Second factors: staff do not enter the administration without; apps, passkeys and recovery codes in a browser."""

import base64
import hashlib
import hmac
import re
import struct
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client

from members.accounts import renew_encryption
from members.second_factor import lacks_second_factor
from outbox.models import OutboxEmail
from tests.helpers.browser import PATIENCE, SIZES, accessibility_faults, log_in, overflows
from tests.members.factories import UserFactory

PASSWORD = "une phrase facile à retenir"
SECRET = base64.b32encode(b"12345678901234567890").decode()


def code_of(secret, at=None):
    """Compute an app's code (RFC 6238) apart from the library under test."""
    counter = int(time.time() if at is None else at) // 30
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def wrong_codes(secret, count=1):
    """Return codes that an app shows neither now nor in the next minutes: any fixed one is right some day."""
    now = time.time()
    right = {code_of(secret, now + 30 * step) for step in range(-2, 12)}
    return [code for n in range(100) if (code := f"{n:06}") not in right][:count]


def test_codes_are_those_of_the_rfc():
    assert code_of(SECRET, 59) == "287082"
    assert code_of(SECRET, 1111111109) == "081804"


@pytest.fixture
def with_context(rf):
    """Give allauth's calls outside a view the request that they lean on."""
    from allauth.core import context

    with context.request_context(rf.get("/")):
        yield


def with_password(user):
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def staff(people, settings):
    settings.STAFF_SECOND_FACTOR = True
    return with_password(people["secretariat"])


def add_app(user):
    return TOTP.activate(user, SECRET)


def password_step(client, user, **extra):
    return client.post("/connexion/", {"login": user.email, "password": PASSWORD, **extra})


# --- staff ---


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
@pytest.mark.parametrize("url", ["/admin/", "/admin/members/user/", "/en/admin/"])
def test_staff_without_a_factor_are_led_to_set_one_up(people, settings, role, url):
    settings.STAFF_SECOND_FACTOR = True
    client = Client()
    client.force_login(people[role])
    response = client.get(url, follow=True)
    assert response.redirect_chain[-1][0].endswith("/compte/securite/")
    assert client.session["second_factor_next"] == url
    words = "second proof" if url.startswith("/en/") else "seconde preuve"
    assert words in response.content.decode()
    Authenticator.objects.create(user=people[role], type="recovery_codes", data={})
    assert client.get(url).status_code == 302, "recovery codes alone are no factor"


def test_staff_with_a_factor_enter(staff, with_context):
    client = Client()
    client.force_login(staff)
    add_app(staff)
    assert client.get("/admin/").status_code == 200


def test_staff_without_a_factor_keep_the_other_pages(staff):
    client = Client()
    client.force_login(staff)
    for url in ("/", "/espace/", "/ateliers/", "/compte/securite/", "/mot-de-passe/", "/compte/sessions/"):
        assert client.get(url).status_code == 200, url


def test_others_are_refused_the_administration_as_before(client_for):
    assert client_for("member").get("/admin/", follow=True).status_code == 403
    assert "/connexion/" in client_for("anonymous").get("/admin/", follow=True).redirect_chain[-1][0]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_on_leads_to_no_other_site(staff, target):
    client = Client()
    client.force_login(staff)
    client.get("/admin/login/", {"next": target})
    assert client.session["second_factor_next"] == "/admin/"


@pytest.mark.parametrize(
    ("email", "required", "lacks"),
    [
        ("secretariat@montpellier.example", False, True),
        ("secretariat@montpellier.example", True, True),
        ("secretariat@example.org", False, False),
        ("secretariat@example.org", True, True),
    ],
)
@pytest.mark.django_db
def test_the_setting_spares_demo_accounts_alone(settings, email, required, lacks):
    settings.STAFF_SECOND_FACTOR = required
    assert lacks_second_factor(UserFactory(email=email, is_staff=True)) is lacks


def test_taking_the_factor_away_closes_the_administration_again(staff, with_context):
    app = add_app(staff)
    client = Client()
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200
    app.instance.delete()
    assert client.get("/admin/").status_code == 302


# --- the second step ---


@pytest.mark.django_db
def test_password_alone_no_longer_logs_in(client, with_context):
    user = with_password(UserFactory())
    add_app(user)
    assert password_step(client, user)["Location"] == "/connexion/verification/"
    assert client.get("/espace/").status_code == 302
    wrong = client.post("/connexion/verification/", {"code": wrong_codes(SECRET)[0]})
    assert wrong.status_code == 422
    assert client.get("/espace/").status_code == 302
    code = code_of(SECRET)
    assert client.post("/connexion/verification/", {"code": code})["Location"] == "/espace/"
    assert client.get("/espace/").status_code == 200
    other = Client()
    password_step(other, user)
    assert other.post("/connexion/verification/", {"code": code}).status_code == 422, "a code serves once"


@pytest.mark.django_db
def test_recovery_code_serves_once(with_context):
    user = with_password(UserFactory())
    add_app(user)
    code = RecoveryCodes.activate(user).generate_codes()[0]
    first, second = Client(), Client()
    for client, status in ((first, 302), (second, 422)):
        password_step(client, user)
        assert client.post("/connexion/verification/", {"code": code}).status_code == status
    assert first.get("/espace/").status_code == 200
    assert second.get("/espace/").status_code == 302


@pytest.mark.django_db
def test_second_step_is_limited(settings, with_context):
    settings.ACCOUNT_RATE_LIMITS = {}
    user = with_password(UserFactory())
    add_app(user)
    client = Client()
    password_step(client, user)
    statuses = [
        client.post("/connexion/verification/", {"code": code}, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n, code in enumerate(wrong_codes(SECRET, 7))
    ]
    assert statuses == [422] * 5 + [429] * 2


@pytest.mark.django_db
def test_second_step_without_the_first_shows_nothing(client):
    assert client.get("/connexion/verification/")["Location"] == "/connexion/"


@pytest.mark.parametrize("url", ["application/", "codes/nouveaux/", "cles/ajouter/"])
@pytest.mark.django_db
def test_what_matters_asks_who_is_there_once_more(client, url):
    user = with_password(UserFactory())
    client.force_login(user)
    response = client.get(f"/compte/securite/{url}")
    assert urlsplit(response["Location"]).path == "/confirmer-identite/"
    assert client.post("/confirmer-identite/", {"password": "faux"}).status_code == 422


@pytest.mark.django_db
def test_somebody_elses_passkey_is_out_of_reach(client):
    user = with_password(UserFactory())
    key = Authenticator.objects.create(user=UserFactory(), type="webauthn", data={"name": "x"})
    client.force_login(user)
    client.post("/confirmer-identite/", {"password": PASSWORD})
    for verb in ("renommer", "retirer"):
        assert client.post(f"/compte/securite/cles/{key.pk}/{verb}/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.django_db
def test_secrets_are_encrypted_in_the_database(settings, with_context):
    app = add_app(UserFactory())
    assert SECRET not in str(app.instance.data)
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [former]
    assert app.validate_code(code_of(SECRET)), "a new key takes over from the former one"
    codes = RecoveryCodes.activate(UserFactory())
    before = codes.generate_codes()
    renew_encryption()
    settings.SECRET_KEY_FALLBACKS = []
    cache.clear()
    app.instance.refresh_from_db()
    codes.instance.refresh_from_db()
    assert app.validate_code(code_of(SECRET)), "and after an hour the former one can go"
    assert codes.generate_codes() == before


def test_administrator_sees_and_removes_factors_but_never_what_they_are_made_of(client_for, with_context):
    app = add_app(UserFactory()).instance
    client = client_for("administrator")
    page = client.get(f"/admin/mfa/authenticator/{app.pk}/change/").content.decode()
    assert app.data["secret"] not in page and SECRET not in page
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
    client.post(f"/admin/mfa/authenticator/{app.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()
    assert client_for("secretariat").get("/admin/mfa/authenticator/").status_code == 403


def test_only_the_page_of_the_qr_code_takes_images_from_itself(people):
    client = Client()
    client.force_login(with_password(people["member"]))
    client.post("/confirmer-identite/", {"password": PASSWORD})
    policies = {
        url: client.get(url)["Content-Security-Policy"]
        for url in ("/compte/securite/application/", "/compte/securite/", "/compte/securite/cles/ajouter/")
    }
    app = policies.pop("/compte/securite/application/")
    assert "img-src 'self' data:" in app and app.count("data:") == 1
    assert app.replace(" data:", "") == policies["/compte/securite/"]
    assert not any("data:" in policy or "unsafe" in policy for policy in policies.values())


def test_pages_with_secrets_are_kept_by_nobody(people):
    client = Client()
    client.force_login(with_password(people["member"]))
    client.post("/confirmer-identite/", {"password": PASSWORD})
    assert "no-store" in client.get("/compte/securite/application/")["Cache-Control"]


def test_space_leads_to_the_security_of_the_account(client_for):
    assert 'href="/compte/securite/"' in client_for("member").get("/espace/").content.decode()


# --- in a browser ---


@pytest.fixture
def authenticator(page):
    """Give the browser a device that holds passkeys and has just recognised its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session, made["authenticatorId"]


def confirm_password(page):
    page.wait_for_url("**/confirmer-identite/**")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")


def log_out(page):
    """Log out, and see it done: a page asked for at once would come before the answer and still be logged in."""
    with page.expect_navigation():
        page.click("header button[form=logout]")


@pytest.mark.parametrize("language", ["", "/en"])
def test_passkey_is_registered_then_logs_in(transactional_db, page, live_server, authenticator, language):
    user = with_password(UserFactory(email="camille@example.org"))
    log_in(page, live_server, user)
    page.goto(f"{language}/compte/securite/cles/ajouter/")
    confirm_password(page)
    page.fill("input[name=name]", "Mon téléphone")
    assert page.is_checked("input[name=passwordless]")
    page.click("#passkey-add")
    page.wait_for_url("**/compte/securite/codes/")
    codes = page.locator("main code").all_inner_texts()
    assert len(codes) == 10
    page.goto(f"{language}/compte/securite/")
    assert "Mon téléphone" in page.inner_text("main")
    log_out(page)
    page.goto(f"{language}/connexion/")
    page.click("#passkey-login")
    page.wait_for_url("**/espace/")
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None
    assert "account-webauthn-added" in OutboxEmail.objects.values_list("kind", flat=True)
    page.goto("/compte/sessions/")
    assert page.locator("tbody tr").count() == 1


def test_passkey_of_a_closed_account_opens_nothing(transactional_db, page, live_server, authenticator):
    user = with_password(UserFactory())
    log_in(page, live_server, user)
    page.goto("/compte/securite/cles/ajouter/")
    confirm_password(page)
    page.click("#passkey-add")
    page.wait_for_url("**/codes/")
    log_out(page)
    user.is_active = False
    user.save()
    page.goto("/connexion/")
    page.click("#passkey-login")
    page.wait_for_url("**/compte-inactif/")
    page.goto("/espace/")
    assert "/connexion/" in page.url


def test_passkey_as_second_step_and_to_confirm(transactional_db, page, live_server, authenticator):
    user = with_password(UserFactory())
    log_in(page, live_server, user)
    page.goto("/compte/securite/cles/ajouter/")
    confirm_password(page)
    page.uncheck("input[name=passwordless]")
    page.click("#passkey-add")
    page.wait_for_url("**/codes/")
    log_out(page)
    page.goto("/connexion/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/connexion/verification/")
    page.click("#passkey-authenticate")
    page.wait_for_url("**/espace/")
    page.goto("/compte/securite/application/")
    page.wait_for_url("**/confirmer-identite/**")
    page.click("main a[href*='/confirmer-identite/cle/']")
    page.click("#passkey-authenticate")
    page.wait_for_url("**/compte/securite/application/")


def test_device_that_gives_no_passkey_is_told(transactional_db, page, live_server, authenticator):
    session, device = authenticator
    page.goto("/connexion/")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    assert not page.is_visible("[data-passkey-error]")
    page.click("#passkey-login")
    page.wait_for_selector("[data-passkey-error]:not([hidden])")


def test_login_works_without_script(transactional_db, browser, live_server):
    user = with_password(UserFactory())
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/connexion/")
    assert not page.is_visible("#passkey-login"), "what cannot work is not offered"
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/espace/")
    context.close()


def test_staff_set_an_app_up_and_come_back(transactional_db, page, live_server, staff):
    page.goto("/admin/members/user/")
    page.fill("input[name=login]", staff.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/compte/securite/")
    page.click("main a[href='/compte/securite/application/']")
    confirm_password(page)
    page.wait_for_url("**/application/")
    assert page.evaluate("document.querySelector('main img').naturalWidth") > 0, "the QR code is drawn"
    page.fill("input[name=code]", wrong_codes(page.inner_text("main code").replace(" ", ""))[0])
    page.click("main button.btn-primary")
    page.wait_for_selector(".has-error")
    page.fill("input[name=code]", code_of(page.inner_text("main code").replace(" ", "")))
    page.click("main button.btn-primary")
    page.wait_for_url("**/codes/")
    codes = page.locator("main code").all_inner_texts()
    page.click("main a.btn-primary")
    page.wait_for_url("**/admin/members/user/")
    page.goto("/espace/")
    log_out(page)
    # A recovery code opens once in place of the app.
    page.goto("/connexion/")
    page.fill("input[name=login]", staff.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/verification/")
    page.fill("input[name=code]", codes[0])
    page.click("main form.form button.btn-primary")
    page.wait_for_url("**/espace/")
    page.goto("/compte/securite/")
    assert re.search(r"9 codes restants", page.inner_text("main"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("size", "scheme", "language"), [("small", "dark", ""), ("large", "light", "/en")])
def test_account_pages_are_accessible(
    transactional_db, page, live_server, people, with_context, size, scheme, language
):
    """Each page, as it stands with a factor and without."""
    user = with_password(people["member"])
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    wrong = []

    def look(url=None):
        if url:
            page.goto(f"{language}{url}")
        wrong.extend(accessibility_faults(page))
        if overflows(page):
            wrong.append(f"{page.url} scrolls sideways")

    for url in ("/connexion/", "/mot-de-passe/oublie/", "/mot-de-passe/oublie/envoye/", "/compte-inactif/"):
        look(url)
    log_in(page, live_server, user)
    for url in ("/compte/securite/", "/mot-de-passe/", "/compte/sessions/", "/compte/securite/application/"):
        look(url)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/application/")
    look()
    add_app(user)
    RecoveryCodes.activate(user)
    key = Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Mon téléphone", "credential": {}}
    )
    for url in ("", "codes/", "codes/nouveaux/", "application/retirer/", f"cles/{key.pk}/renommer/"):
        look(f"/compte/securite/{url}")
    look(f"/compte/securite/cles/{key.pk}/retirer/")
    key.delete()
    look("/compte/securite/cles/ajouter/")
    look("/confirmer-identite/code/")
    page.context.clear_cookies()
    page.goto(f"{language}/connexion/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", "faux")
    page.click("main button.btn-primary")
    page.wait_for_selector(".error-summary")
    look()
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/verification/")
    look()
    assert not wrong, "\n".join(wrong)
