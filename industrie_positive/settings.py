"""The portal's settings, from the environment. Without PORTAL_MODE they are production's: safe by default."""

from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from industrie_positive import env

# Lets ModelAdmin[…], Paginator[…] and their like name their model in type annotations.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

PORTAL_MODE = env.choice("PORTAL_MODE", ("production", "demo", "test"))
PRODUCTION = PORTAL_MODE == "production"
# Demo accounts have a public password and no second factor; core.checks refuses both in production.
DEMO_ACCOUNTS = env.boolean("DEMO_ACCOUNTS", PORTAL_MODE == "demo")
# Staff enter the administration with a second factor. False spares the accounts of example.org, and them alone.
STAFF_SECOND_FACTOR = env.boolean("STAFF_SECOND_FACTOR", PRODUCTION)
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
SITE_URL = env.text("SITE_URL", None if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,[::1],testserver")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies of ours stand before the portal: only their last entries of X-Forwarded-For are believed.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 1 if PRODUCTION else 0)

INSTALLED_APPS = [
    "industrie_positive.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_htmx",
    "core",
    "outbox",
    "members",
    "members.proconnect",
    "showcase",
    "workshops",
    "roadmap",
    "industrie_positive",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.PrivateByDefaultMiddleware",
    # Answers public pages from memory, so the rest is not run for them.
    "core.page_cache.PublicPageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.middleware.CleanInputMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.RefusalPagesMiddleware",
]

ROOT_URLCONF = "industrie_positive.urls"
WSGI_APPLICATION = "industrie_positive.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "industrie_positive.context.portal",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "core.templatetags.text"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["portal"]
CRISPY_TEMPLATE_PACK = "portal"
CRISPY_FAIL_SILENTLY = False

DATABASES = {
    "default": {
        **env.database(),
        "CONN_MAX_AGE": env.integer("DATABASE_CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    # Shared by every process: rate limits and locks.
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    },
    # Each process's own finished public pages: the key holds the publication version, so no process can be stale.
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 600},
    },
}
PAGE_CACHE_SECONDS = 0 if PORTAL_MODE == "test" else 60

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = ["members.backends.PortalBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if PORTAL_MODE == "test":
    # Argon2 is slow on purpose; what it protects is not under test.
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 12}  # type: ignore[assignment]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "member-space"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24

ACCOUNT_ADAPTER = "members.accounts.ClosedAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_FORMS = {
    "login": "members.account_forms.LoginForm",
    "reset_password": "members.account_forms.ResetPasswordForm",
    "user_token": "members.account_forms.ResetLinkForm",
    "change_password": "members.account_forms.ChangePasswordForm",
    "reset_password_from_key": "members.account_forms.NewPasswordForm",
    "reauthenticate": "members.account_forms.ReauthenticateForm",
}
MFA_ADAPTER = "members.accounts.PortalMFAAdapter"
MFA_FORMS = {
    "add_webauthn": "members.account_forms.AddPasskeyForm",
    "edit_webauthn": "members.account_forms.RenamePasskeyForm",
    "activate_totp": "members.account_forms.ActivateAppForm",
    "authenticate": "members.account_forms.CodeForm",
    "reauthenticate": "members.account_forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Addresses are the secretariat's: nobody confirms them by a link, nobody changes their own.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "members.proconnect.adapter.ClosedSocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
# Login by ProConnect: off until all three are given. The address is the issuer's, https://…/api/v2.
PROCONNECT_URL, PROCONNECT_CLIENT_ID, PROCONNECT_CLIENT_SECRET = env.together(
    "PROCONNECT_URL", "PROCONNECT_CLIENT_ID", "PROCONNECT_CLIENT_SECRET"
)
PROCONNECT_URL = env.https_address("PROCONNECT_URL", PROCONNECT_URL)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
# Beside allauth's own: the code at a workshop's door, tried by somebody invited or from one network.
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {"door_code": "5/300s/key", "door_code_network": "20/m/ip"}
if PORTAL_MODE == "test":
    ACCOUNT_RATE_LIMITS = False

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PORTAL_MODE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Tests serve the source files; demo and production serve the collected, hashed and compressed ones.
# Only the hashed names are ever asked for: half the files to write and compress.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = PORTAL_MODE == "test"

# --- Mail -----------------------------------------------------------------------------------------------------------
_mail = env.mail_server(default=None if PRODUCTION else "smtp://127.0.0.1:1025")
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.tls
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", 20, minimum=1)
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", None if PRODUCTION else "Industrie Positive <industrie-positive@example.org>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where the council's secretariat reads its own mail.
SECRETARIAT_EMAIL = env.text("SECRETARIAT_EMAIL", None if PRODUCTION else "secretariat@example.org")

# Calendars' answers: the address they are sent to (with a plus and an invitation's tag), the mailbox it leads to.
INBOUND_ADDRESS = env.text("INBOUND_ADDRESS", "reponses@example.org" if PORTAL_MODE == "demo" else "").lower()
INBOUND_MAILBOX = env.imap_mailbox("INBOUND_IMAP_URL")
# Days after which what came in is deleted, decided or not, from the portal and from the mailbox.
INBOUND_RETENTION_DAYS = env.integer("INBOUND_RETENTION_DAYS", 60, minimum=1)

# --- Celery ---------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 210
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Above the longest task, or it would run twice; the short restore interval redelivers soon after a kill.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env.integer("CELERY_VISIBILITY_TIMEOUT", 300, minimum=1),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "global_keyprefix": env.text("REDIS_PREFIX", "portal") + ":",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = (
    False  # a web request never waits for a broker that is down: the sweeper finds the row
)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
# How often beat asks what is due; a missed turn is made up by the next.
REMINDER_CHECK_SECONDS = env.integer("REMINDER_CHECK_SECONDS", 300, minimum=1)
CELERY_BEAT_SCHEDULE = {
    "outbox-heartbeat": {"task": "outbox.tasks.heartbeat", "schedule": 30.0},
    "outbox-sweep": {"task": "outbox.tasks.sweep", "schedule": 60.0},
    "replies-read": {
        "task": "workshops.replies.tasks.read_replies",
        "schedule": min(60, REMINDER_CHECK_SECONDS),
    },
    "replies-forget": {"task": "workshops.replies.tasks.forget_old_replies", "schedule": 3600.0},
    "workshops-remind": {"task": "workshops.tasks.send_reminders", "schedule": REMINDER_CHECK_SECONDS},
    "polls-remind": {"task": "workshops.polls.tasks.send_reminders", "schedule": REMINDER_CHECK_SECONDS},
    "workshops-host-sheets": {
        "task": "workshops.tasks.send_host_sheets",
        "schedule": REMINDER_CHECK_SECONDS,
    },
    "workshops-leftovers": {"task": "workshops.tasks.remove_leftovers", "schedule": 3600.0},
    "workshops-retention": {"task": "workshops.tasks.apply_retention", "schedule": 3600.0},
    "decisions-remind": {
        "task": "workshops.minutes.tasks.remind_decisions",
        "schedule": REMINDER_CHECK_SECONDS,
    },
    "approval-remind": {"task": "roadmap.approval.tasks.send_reminders", "schedule": REMINDER_CHECK_SECONDS},
    "approval-close": {
        "task": "roadmap.approval.tasks.close_ended",
        "schedule": min(60, REMINDER_CHECK_SECONDS),
    },
    "showcase-remind": {"task": "showcase.tasks.send_reminders", "schedule": 3600.0},
    "members-retention": {"task": "members.tasks.apply_retention", "schedule": 3600.0},
    "outbox-forget": {"task": "industrie_positive.tasks.forget_old_mails", "schedule": 3600.0},
    "members-encryption": {"task": "members.tasks.renew_encryption", "schedule": 3600.0},
}

# --- Invitations to the portal ---------------------------------------------------------------------------------------
PORTAL_INVITATION_DAYS = env.integer("PORTAL_INVITATION_DAYS", 14, minimum=1)

# --- Council rules: defaults that the settings may change -------------------------------------------------------------
CONVOCATION_CLEAR_DAYS = env.integer("CONVOCATION_CLEAR_DAYS", 5)
CONVOCATION_URGENT_CLEAR_DAYS = env.integer("CONVOCATION_URGENT_CLEAR_DAYS", 1)
WORKSHOP_DOCUMENT_MAX_MB = env.integer("WORKSHOP_DOCUMENT_MAX_MB", 10, minimum=1)
WORKSHOP_REMINDER_SILENT_DAYS = env.integers("WORKSHOP_REMINDER_SILENT_DAYS", "7,2")
WORKSHOP_REMINDER_ATTENDING_HOURS = env.integers("WORKSHOP_REMINDER_ATTENDING_HOURS", "24")
# A guest's link opens approved minutes for so many days; everybody reads their public version for ever.
MINUTES_LINK_DAYS = env.integer("MINUTES_LINK_DAYS", 90, minimum=1)
# People sign in from so many hours before a workshop's start until so many after its end.
CHECKIN_HOURS = env.integer("CHECKIN_HOURS", 2, minimum=1)
# The hour, by Paris's clock, at which the host sheet leaves on the day before; how long needs (access, diet) are kept.
HOST_SHEET_HOUR = env.integer("HOST_SHEET_HOUR", 9, minimum=0, maximum=23)
NEEDS_KEEP_DAYS = env.integer("NEEDS_KEEP_DAYS", 7, minimum=0)
# Who carries out a decision: days before its due date, days after it.
DECISION_REMINDER_DAYS = env.integers("DECISION_REMINDER_DAYS", "7,1")
DECISION_LATE_DAYS = env.integers("DECISION_LATE_DAYS", "1,15")
APPROVAL_REMINDER_HOURS = env.integers("APPROVAL_REMINDER_HOURS", "168,72,24,3")
# A company's page is to be confirmed after so long; so many days later the public reads that it was not.
SHOWCASE_CONFIRM_MONTHS = env.integer("SHOWCASE_CONFIRM_MONTHS", 12, minimum=1)
SHOWCASE_CONFIRM_GRACE_DAYS = env.integer("SHOWCASE_CONFIRM_GRACE_DAYS", 30)

# --- Accounts that nobody uses (CNIL: two years) ----------------------------------------------------------------------
RETENTION_WARN_MONTHS = env.integer("RETENTION_WARN_MONTHS", 23, minimum=1)
RETENTION_CLOSE_MONTHS = env.integer("RETENTION_CLOSE_MONTHS", 24, minimum=1)
# How long a message that left, or failed for good, stays readable in the outbox.
OUTBOX_KEEP_MONTHS = env.integer("OUTBOX_KEEP_MONTHS", 12, minimum=1)

# --- Who publishes (mentions légales); blanks are shown as "to be completed" -----------------------------------------
PUBLISHER_NAME = env.text("PUBLISHER_NAME", "Montpellier Méditerranée Métropole")
PUBLISHER_ADDRESS = env.text("PUBLISHER_ADDRESS", "")
PUBLISHER_PHONE = env.text("PUBLISHER_PHONE", "")
PUBLICATION_DIRECTOR = env.text("PUBLICATION_DIRECTOR", "")
HOST_NAME = env.text("HOST_NAME", "")
HOST_ADDRESS = env.text("HOST_ADDRESS", "")
HOST_PHONE = env.text("HOST_PHONE", "")

# --- Security -------------------------------------------------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "core.logging.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.text("LOG_LEVEL", "WARNING" if PORTAL_MODE == "test" else "INFO"),
    },
    "loggers": {
        # Its handlers would print the address of a page, which may hold a token; ours are enough.
        "django": {"handlers": [], "propagate": True, "level": "WARNING"},
        "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
    },
}
