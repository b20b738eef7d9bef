"""Topics and users as resources of Strimzi, which runs Kafka on Kubernetes: from the registry and the rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.kafka.acls import PROCESSES, plan_acls
from streams.kafka.groups import installation_plans

if TYPE_CHECKING:
    from streams.kafka.acls import Acl
    from streams.kafka.topics import TopicPlan
    from streams.settings import Settings

CLUSTER: Final = "dragoman"
"""Name of the Kafka resource that topics and users belong to; an installation sets its own by a Kustomize patch."""

_API: Final = "kafka.strimzi.io/v1beta2"


def describe_topics(settings: Settings) -> list[dict[str, Any]]:
    """Give a KafkaTopic for every topic of an installation."""
    return [_topic(plan) for plan in installation_plans(settings)]


def describe_users(settings: Settings) -> list[dict[str, Any]]:
    """Give a KafkaUser for every process, with SCRAM-SHA-512 and the rights that it needs."""
    acls = plan_acls(settings)
    return [_user(process, [acl for acl in acls if acl.process == process]) for process in PROCESSES]


def _topic(plan: TopicPlan) -> dict[str, Any]:
    spec = {"partitions": plan.partitions, "replicas": plan.replication, "config": dict(plan.configs)}
    return {"apiVersion": _API, "kind": "KafkaTopic", "metadata": _metadata(plan.name), "spec": spec}


def _user(process: str, acls: list[Acl]) -> dict[str, Any]:
    rights = [
        {
            "resource": {
                "type": acl.resource.value,
                "name": acl.name,
                "patternType": "prefix" if acl.prefixed else "literal",
            },
            "operations": [operation.value for operation in acl.operations],
            "host": "*",
        }
        for acl in acls
    ]
    spec = {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {"type": "simple", "acls": rights},
    }
    return {"apiVersion": _API, "kind": "KafkaUser", "metadata": _metadata(process), "spec": spec}


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}
