"""Deployments: what can be checked without Docker and Kubernetes, and that they fit the gateway that is here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from urllib.request import urlopen

import jsonschema
import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from adsql_server.settings import Settings
from server.live import FAST, gateway

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "server" / "deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
MANIFESTS = [
    (file.name, one)
    for file in sorted((DEPLOY / "kubernetes").glob("*.yml"))
    for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "adsql.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
VARIABLES = {f"ADSQL_{name.upper()}" for name in Settings.model_fields}
# What Prometheus adds itself.
OF_PROMETHEUS = {"up"}, {"job", "instance", "le"}


def manifest(kind, name="adsql-gateway"):
    (found,) = (one for _, one in MANIFESTS if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def passes(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name):
    """The path of a program of this Python environment, on the PATH or not."""
    return shutil.which(name) or str(Path(sys.executable).parent / name)


@pytest.mark.parametrize("file", ["Dockerfile", "postgres/Dockerfile"])
def test_hadolint_accepts_the_images(file):
    passes(tool("hadolint"), "--failure-threshold=warning", str(DEPLOY / file))


def test_yamllint_accepts_all_yaml():
    passes(
        sys.executable, "-m", "yamllint", "--strict", "docker-compose.yml", "server/deploy", ".pre-commit-config.yaml"
    )


def test_the_gateways_image_copies_what_is_there():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [
        source for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for source in line.split()[:-1]
    ]
    assert set(copied) >= {"pyproject.toml", "adsql", "udfs", "server", "migrations"}
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in kept
    assert set(re.findall(r"\bADSQL_\w+", text)) <= VARIABLES
    assert "USER 10001:10001" in text


def test_versions_of_the_image_are_those_that_the_gateway_needs():
    lines = (DEPLOY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    for text in project["dependencies"] + project["optional-dependencies"]["server"]:
        needed = Requirement(text)
        assert needed.specifier.contains(pinned[canonicalize_name(needed.name)]), text


def test_compose_is_what_docker_reads():
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = jsonschema.validators.validator_for(loaded := json.loads(schema.read_text(encoding="utf-8")))(loaded)
    assert not list(validator.iter_errors(COMPOSE))
    assert list(validator.iter_errors({**COMPOSE, "servces": {}})), "the schema lets everything pass"


def test_compose_names_only_what_it_has():
    for name, service in COMPOSE["services"].items():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], volume
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_services_of_compose_have_no_more_rights_than_they_need():
    for name, service in COMPOSE["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), f"{name} is open to the network"
        assert "image" not in service or not service["image"].endswith(":latest"), name
        assert "image" not in service or ":" in service["image"], name


def test_compose_asks_for_every_secret_that_its_example_has():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=$", example, re.MULTILINE)) == asked
    assert set(COMPOSE["services"]["gateway"]["environment"]) <= VARIABLES


@pytest.mark.parametrize(
    ("file", "one"), MANIFESTS, ids=lambda value: value if isinstance(value, str) else value["kind"]
)
def test_manifests_are_what_kubernetes_reads(file, one):
    assert kubernetes_validate.validate(one, "1.37", strict=True) == "1.37"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**one, "spce": {}}, "1.37", strict=True)


def test_manifests_select_the_pods_that_there_are():
    pod = manifest("Deployment")["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert manifest("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert manifest("Service")["spec"]["selector"] == labels
    assert manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert (
        manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"]
        == manifest("Deployment")["metadata"]["name"]
    )
    (container,) = pod["spec"]["containers"]
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    for source in container["envFrom"]:
        kind, reference = next(iter(source.items()))
        assert manifest({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"])
    assert manifest("Secret", pod["spec"]["volumes"][0]["secret"]["secretName"])


def test_manifests_set_settings_that_there_are():
    names = set(manifest("ConfigMap")["data"]) | set(manifest("Secret")["stringData"])
    assert names <= VARIABLES
    mounts = manifest("Deployment")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    keys = next(mount["mountPath"] for mount in mounts if mount["name"] == "keys")
    assert manifest("ConfigMap")["data"]["ADSQL_JWT_KEYS_DIR"] == keys


def test_pods_have_no_more_rights_than_they_need_and_time_to_finish():
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    seconds = 2 * int(manifest("ConfigMap")["data"]["ADSQL_SHUTDOWN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > seconds
    assert int(COMPOSE["services"]["gateway"]["stop_grace_period"].rstrip("s")) > seconds


def test_promtool_accepts_the_configuration(tmp_path):
    copy = shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    config = (copy / "prometheus.yml").read_text(encoding="utf-8")
    secret = tmp_path / "metrics_token"
    secret.write_text("a token")
    (copy / "prometheus.yml").write_text(config.replace("/run/secrets/metrics_token", str(secret)), encoding="utf-8")
    passes("promtool", "check", "config", str(copy / "prometheus.yml"))


def test_alerts_are_raised_when_they_should_be():
    """What promtool is to expect of each alert stands in alerts.test.yml."""
    passes("promtool", "test", "rules", str(DEPLOY / "prometheus" / "alerts.test.yml"))
    tested = (DEPLOY / "prometheus" / "alerts.test.yml").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"alertname: {rule['alert']}\n        exp_alerts:\n" in tested, f"{rule['alert']} is never expected"


def test_promtool_reads_every_query_of_the_dashboard(tmp_path):
    rules = [{"record": f"x:{number}", "expr": expression} for number, expression in enumerate(EXPRESSIONS)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": rules}]}))
    passes("promtool", "check", "rules", str(tmp_path / "rules.yml"))


@pytest.fixture(scope="module")
def exported(on_duckdb):
    """The metrics that a running gateway exports, with their labels."""
    with on_duckdb.user() as admin:
        admin.get("/models")
        admin.get("/health/ready")
        headers = {"Authorization": f"Bearer {FAST['ADSQL_METRICS_TOKEN']}"}
        text = admin.get(f"{on_duckdb.url}/metrics", headers=headers).text
    series = re.findall(r"^(?:# TYPE )?(\w+)(?:\{(.*?)\})? ", text, re.MULTILINE)
    return {name for name, _ in series}, set(re.findall(r'(\w+)="', text))


# An evaluation makes its labels.
_OF_EVALUATIONS = {"metric", "model", "tenant"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_name_metrics_that_are_exported(expression, exported):
    metrics, labels = exported
    plain = re.sub(r'"[^"]*"', '""', expression)
    words = re.findall(r"\b[a-z_]{2,}\b(?!\s*(?:\(|by\b))", re.sub(r"\[\w+\]", "", plain))
    matched = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", plain))
    grouped = {word for group in re.findall(r"\bby \(([^)]*)\)", plain) for word in re.findall(r"\w+", group)}
    assert matched | grouped <= labels | OF_PROMETHEUS[1] | _OF_EVALUATIONS
    named = set(words) - matched - grouped - {"by"}
    assert named, expression
    assert named <= metrics | OF_PROMETHEUS[0], f"{named - metrics} is not exported"


def test_the_dashboard_is_provisioned_with_its_data_source():
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    used = {target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel["targets"]}
    assert used == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/adsql.yml").read_text())["providers"]
    assert (
        f"./server/deploy/grafana/dashboards:{provider['options']['path']}:ro"
        in COMPOSE["services"]["grafana"]["volumes"]
    )
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_database_image_makes_a_role_that_is_enough_for_the_gateway(postgres, tmp_path):
    postgres.database("deployed")
    script = DEPLOY / "postgres" / "initdb.d" / "20-gateway.sql"
    command = [postgres.programs / "psql", "--set=ON_ERROR_STOP=1", f"--file={script}", postgres.dsn(dbname="deployed")]
    environment = {**os.environ, "ADSQL_GATEWAY_PASSWORD": "it's a secret"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    url = f"postgresql://adsql_gateway:it%27s%20a%20secret@127.0.0.1:{postgres.port}/deployed"
    with gateway(tmp_path, DATABASE_URL=url) as live, live.user() as admin:
        rows = [{"x": float(i % 7)} for i in range(50)]
        assert admin.post("/train", json={"model": "m", "rows": rows, "algorithm": "mad"}).status_code == 201
        with urlopen(f"{live.url}/health/ready") as answer:
            assert answer.status == 200
    with postgres.connect(dbname="deployed") as con:
        assert con.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'adsql_gateway'").fetchone() == (False,)
