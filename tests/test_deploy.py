"""What is deployed speaks of settings, commands, metrics and topics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from streams.cli.main import dragoman
from streams.kafka.acls import PROCESSES
from streams.kafka.groups import AGENTS, group_id, installation_plans
from streams.settings import Settings
from streams.telemetry import METRICS, MetricKind
from tests.generated_files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SETTINGS = {f"DRAGOMAN_{name.upper()}" for name in Settings.model_fields}


def _manifests() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))
    return [
        document
        for name in kustomization["resources"]
        for document in yaml.safe_load_all((KUBERNETES / name).read_text("utf-8"))
    ]


def _of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [document for document in _manifests() if document["kind"] in kinds]


def _workloads() -> list[dict[str, Any]]:
    return _of_kind("StatefulSet", "Deployment")


def _literals() -> dict[str, str]:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))
    pairs = (line.partition("=") for line in kustomization["configMapGenerator"][0]["literals"])
    return {name: value for name, _, value in pairs}


def _assert_command(words: list[str]) -> None:
    command = dragoman.get_command(click.Context(dragoman), words[0])
    assert command is not None, words
    if isinstance(command, click.Group):
        assert words[1] in command.commands


def test_every_variable_is_a_setting_and_every_command_exists() -> None:
    assert _literals().keys() <= SETTINGS
    for workload in _workloads():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert {variable["name"] for variable in container["env"]} <= SETTINGS
        _assert_command(container["args"])
        command = dragoman.get_command(click.Context(dragoman), container["args"][0])
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in container["args"] if word.startswith("--")} <= options


def test_there_is_a_set_of_pods_for_every_agent_that_scales_by_the_lag_of_all_that_it_reads() -> None:
    sets = {w["metadata"]["name"]: w for w in _of_kind("StatefulSet")}
    scaled = {s["spec"]["scaleTargetRef"]["name"]: s["spec"] for s in _of_kind("ScaledObject")}
    assert sets.keys() == scaled.keys() == {f"dragoman-{agent.name}" for agent in AGENTS}
    for agent in AGENTS:
        name = f"dragoman-{agent.name}"
        triggers = [trigger["metadata"] for trigger in scaled[name]["triggers"]]
        assert [t["topic"] for t in triggers] == [source.name for source in agent.sources]
        assert {t["consumerGroup"] for t in triggers} == {group_id(agent, Settings.model_construct())}
        assert {t["bootstrapServers"] for t in triggers} == {_literals()["DRAGOMAN_BROKER"]}
        assert scaled[name]["maxReplicaCount"] <= int(_literals()["DRAGOMAN_PARTITIONS"])
        (container,) = sets[name]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["worker", "--agents", agent.name]
        names = {v["name"]: v for v in container["env"]}
        assert names["DRAGOMAN_WORKER_ID"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_selectors_choose_the_pods_they_are_meant_for() -> None:
    pods = {w["metadata"]["name"]: w["spec"]["template"]["metadata"]["labels"] for w in _workloads()}

    def chosen(selector: dict[str, str]) -> set[str]:
        return {name for name, labels in pods.items() if selector.items() <= labels.items()}

    for workload in _workloads():
        assert chosen(workload["spec"]["selector"]["matchLabels"]) == {workload["metadata"]["name"]}
    for budget in _of_kind("PodDisruptionBudget"):
        assert chosen(budget["spec"]["selector"]["matchLabels"]) == {budget["metadata"]["name"]}
    for service in _of_kind("Service"):
        assert chosen(service["spec"]["selector"])
    for policy in _of_kind("NetworkPolicy"):
        assert chosen(policy["spec"]["podSelector"]["matchLabels"])


def test_every_probe_asks_a_port_and_a_path_that_are_served() -> None:
    for workload in _workloads():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        (port,) = container["ports"]
        for probe, path in (
            ("startupProbe", "/healthz"),
            ("livenessProbe", "/healthz"),
            ("readinessProbe", "/readyz"),
        ):
            assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
        values = {variable.get("value") for variable in container["env"]}
        assert {str(port["containerPort"]), "0.0.0.0"} <= values  # noqa: S104 - as probes come from outside


def test_every_volume_that_is_mounted_is_there() -> None:
    for workload in _workloads():
        pod = workload["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}


def test_topics_and_users_are_those_of_the_registry() -> None:
    cluster = Settings.model_construct(
        partitions=int(_literals()["DRAGOMAN_PARTITIONS"]),
        replication=int(_literals()["DRAGOMAN_REPLICATION"]),
    )
    topics = {t["metadata"]["name"]: t["spec"] for t in _of_kind("KafkaTopic")}
    plans = installation_plans(cluster)
    assert topics.keys() == {plan.name for plan in plans}
    for plan in plans:
        assert (topics[plan.name]["partitions"], topics[plan.name]["replicas"]) == (
            plan.partitions,
            plan.replication,
        )
        assert plan.configs.items() <= topics[plan.name]["config"].items()
    users = {user["metadata"]["name"] for user in _of_kind("KafkaUser")}
    assert users == set(PROCESSES)
    for workload in _workloads():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert {v["name"]: v.get("value") for v in container["env"]}["DRAGOMAN_BROKER_USER"] in users


def test_kubectl_reads_the_whole_of_it() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not there")
    done = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list(yaml.safe_load_all(done.stdout))) == len(_manifests()) + 1  # the generated ConfigMap


def test_the_resources_of_kubernetes_itself_are_as_its_schemas_say(tmp_path: Path) -> None:
    if shutil.which("kubernetes-validate") is None:
        pytest.skip("kubernetes-validate is not there; it is large, and no part of the environment for tests")
    file = tmp_path / "all.yaml"
    own = [m for m in _manifests() if "strimzi" not in m["apiVersion"] and "keda" not in m["apiVersion"]]
    file.write_text(yaml.safe_dump_all(own), "utf-8")
    done = subprocess.run(
        ["kubernetes-validate", "-k", "1.32", "--strict", str(file)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _expressions(path: Path) -> list[str]:
    if path.suffix == ".json":
        dashboard = json.loads(path.read_text("utf-8"))
        return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    groups = yaml.safe_load(path.read_text("utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize(
    "path", [DEPLOY / "grafana" / "dragoman.json", DEPLOY / "prometheus" / "rules.yml"], ids=lambda p: p.name
)
def test_dashboards_and_alerts_name_only_metrics_and_labels_that_exist(path: Path) -> None:
    labels: dict[str, set[str]] = {}
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind is MetricKind.HISTOGRAM else ("",)
        for suffix in suffixes:
            labels[metric.name + suffix] = {*metric.labels, "job", "instance", "le"}
    expressions = _expressions(path)
    assert expressions
    for expression in expressions:
        named = set(re.findall(r"dragoman_[a-z_]+", expression))
        assert named
        assert named <= labels.keys()
        known = set.union(*(labels[name] for name in named))
        used = {
            word.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for word in group.split(",")
        }
        used |= set(re.findall(r"([a-z_]+)=~?\"", expression))
        assert used <= known


def test_every_metric_that_is_known_is_on_the_dashboard() -> None:
    text = (DEPLOY / "grafana" / "dragoman.json").read_text("utf-8")
    assert [metric.name for metric in METRICS if metric.name not in text] == []


def test_alerts_fire_as_their_tests_say() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not there: on Debian it comes with the package prometheus")
    folder = DEPLOY / "prometheus"
    for words in (("check", "rules", "rules.yml"), ("test", "rules", "rules.test.yml")):
        done = subprocess.run(["promtool", *words], cwd=folder, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_operations_page_tells_of_every_alert_and_its_remedy() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    groups = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    assert [r["alert"] for g in groups for r in g["rules"] if f"| `{r['alert']}` |" not in page] == []


@pytest.mark.parametrize("path", ["docs/operations.md", "deploy/compose.cluster.yml"])
def test_what_operators_read_names_only_settings_that_exist(path: str) -> None:
    named = set(re.findall(r"DRAGOMAN_[A-Z_]+[A-Z]", (ROOT / path).read_text("utf-8")))
    assert named
    assert named <= SETTINGS


def test_the_cluster_of_three_brokers_agrees_with_itself() -> None:
    services = yaml.safe_load((DEPLOY / "compose.cluster.yml").read_text("utf-8"))["services"]
    brokers = {name: s["environment"] for name, s in services.items() if name.startswith("kafka-")}
    addresses = {
        address.partition("//")[2] for b in brokers.values() for address in [b["KAFKA_ADVERTISED_LISTENERS"]]
    }
    voters = {f"{b['KAFKA_NODE_ID']}@{name}:9093" for name, b in brokers.items()}
    for broker in brokers.values():
        assert set(broker["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")) == voters
    ours = {name: s for name, s in services.items() if name not in brokers}
    for service in ours.values():
        assert set(service["environment"]["DRAGOMAN_BROKER"].split(",")) == addresses
        assert int(service["environment"]["DRAGOMAN_REPLICATION"]) == len(brokers)
        _assert_command(service["command"])
    ids = [s["environment"]["DRAGOMAN_WORKER_ID"] for name, s in ours.items() if name.startswith("worker")]
    assert len(set(ids)) == len(ids) == 2
