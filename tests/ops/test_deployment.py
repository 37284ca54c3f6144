"""What is deployed: the compose file, the image, the settings' example and production's refusals."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML  # brought by check-jsonschema

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "k8Zp2vQx7rTn4wYc9sLd3fGh6jBm1aEuXo5iVqWyRzKtNbPfHg",
    "SITE_URL": "https://portail.example.org",
    "ALLOWED_HOSTS": "portail.example.org",
    "DATABASE_URL": "postgres://portal:secret@127.0.0.1:1/portal",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://mail.example.org:587?tls",
    "DEFAULT_FROM_EMAIL": "portail@example.org",
    "SECRETARIAT_EMAIL": "secretariat@example.org",
}


def compose() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(COMPOSE.read_text()))


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**PRODUCTION, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def names_in_settings() -> set[str]:
    """The variables that settings.py reads."""
    code = (ROOT / "industrie_positive" / "settings.py").read_text()
    defaults = (ROOT / "industrie_positive" / "env.py").read_text()
    names = set(re.findall(r"""env\.\w+\(\s*["']([A-Z][A-Z0-9_]*)["']""", code))
    for arguments in re.findall(r"env\.together\(([^)]*)\)", code):
        names |= set(re.findall(r"[A-Z][A-Z0-9_]+", arguments))
    for function, name in re.findall(r"""def (\w+)\(name: str = ["'](\w+)["']""", defaults):
        if re.search(rf"env\.{function}\((?!\s*[\"'])", code):
            names.add(name)
    return names


def names_in_compose() -> set[str]:
    """The variables that docker compose itself puts into docker-compose.yml."""
    return set(re.findall(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)", COMPOSE.read_text()))


def names_in_example() -> dict[str, bool]:
    """The variables of .env.example, and whether each is set (not only shown behind a #)."""
    found = re.findall(r"^(# )?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: not commented for commented, name in found}


# -- compose ---------------------------------------------------------------------------------------


def test_compose_follows_its_schema() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(COMPOSE),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_gives_no_service_more_rights_than_it_needs() -> None:
    services = compose()["services"]
    assert set(services) == {"migrate", "web", "worker", "beat", "postgres", "redis", "front"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert name == "migrate" or service["healthcheck"]["test"], name
    assert [name for name, service in services.items() if "ports" in service] == ["front"]
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["inside"]
    assert "noeviction" in " ".join(services["redis"]["command"])


def test_compose_files_exist() -> None:
    services = compose()["services"]
    mounted = [volume.split(":")[0] for s in services.values() for volume in s.get("volumes", [])]
    paths = [path for path in mounted if path.startswith("./")]
    assert paths
    for path in paths:
        assert (ROOT / path).is_file(), path


def test_worker_is_given_time_to_finish_its_task() -> None:
    code = (ROOT / "industrie_positive" / "settings.py").read_text()
    limit = re.search(r"^CELERY_TASK_TIME_LIMIT = (\d+)", code, re.MULTILINE)
    grace = compose()["services"]["worker"]["stop_grace_period"]
    assert limit and int(grace.removesuffix("s")) > int(limit[1])


# -- .env.example ----------------------------------------------------------------------------------


def test_env_example_names_every_setting_and_nothing_else() -> None:
    assert set(names_in_example()) == names_in_settings() | names_in_compose()
    lines = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(lines) == len(set(lines)), "one line a setting"


def test_env_example_sets_what_compose_and_the_portal_require() -> None:
    set_names = {name for name, is_set in names_in_example().items() if is_set}
    required = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):\?", COMPOSE.read_text()))
    given_by_compose = set(compose()["x-portal"]["environment"])
    portal = set(PRODUCTION) - {"PATH"} - given_by_compose
    assert required | portal <= set_names


def test_env_example_holds_no_secret() -> None:
    text = (ROOT / ".env.example").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "PORTAL_DATABASE_PASSWORD", "REDIS_PASSWORD"):
        assert re.search(rf"^{name}=$", text, re.MULTILINE), name


# -- Dockerfile ------------------------------------------------------------------------------------


def test_dockerfile_copies_what_exists_and_dockerignore_lets_through() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = []
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied += line.split()[1:-1]
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), path
        assert path in allowed, f"{path} is not let through by .dockerignore"


def test_dockerfile_copies_every_installed_app() -> None:
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= set(copied)


def test_image_runs_as_an_ordinary_user() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] != "USER root"


def test_healthcheck_fails_when_nothing_answers() -> None:
    # On this machine's own port 8000 anything may answer; on port 1 nothing does.
    script = "deploy/healthcheck.py"
    code = (
        "import http.client, runpy; real = http.client.HTTPConnection;"
        "http.client.HTTPConnection = lambda host, port, **options: real(host, {8000: 1}[port], **options);"
        f"runpy.run_path({script!r}, run_name='__main__')"
    )
    for service in ("web", "worker", "unknown"):
        command = [sys.executable, "-c", code, service]
        done = subprocess.run(command, cwd=ROOT, env=PRODUCTION, capture_output=True, text=True)
        assert done.returncode == 1
        wrong = "KeyError" if service == "unknown" else "refused"
        assert wrong in done.stderr


# -- production settings ---------------------------------------------------------------------------


def test_production_settings_pass_the_deployment_check() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"PATH", "ALLOWED_HOSTS"}))
def test_production_without_a_needed_variable_names_it(name: str) -> None:
    done = manage("check", **{name: ""})
    assert done.returncode != 0
    assert f"Set {name} in the environment" in done.stderr


def test_production_stores_passwords_under_argon2() -> None:
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings; from members.models import User\n"
        "person = User(); person.set_password('une phrase'); print(settings.PASSWORD_HASHERS[0], person.password)"
    )
    environment = {**PRODUCTION, "DJANGO_SETTINGS_MODULE": "industrie_positive.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    hasher, stored = done.stdout.split()
    assert hasher == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert stored.startswith("argon2$argon2id$")


def test_production_refuses_demonstration_accounts() -> None:
    done = manage("check", DEMO_ACCOUNTS="true")
    assert done.returncode != 0
    assert "DEMO_ACCOUNTS" in done.stderr


def test_production_is_the_default_and_loads_no_demonstration() -> None:
    done = manage("load_demo")
    assert done.returncode != 0
    assert "PORTAL_MODE=demo" in done.stderr
