"""From compose's keys to those that `docker stack deploy` takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen import quoting
from shardgen.schema import load_schema
from shardgen.source import Verbatim
from shardgen.swarm.service import TAKEN, UNMISSED, swarm_service

DEPLOY = {
    "mode": "replicated",
    "replicas": 1,
    "endpoint_mode": "dnsrr",
    "update_config": {"order": "stop-first"},
    "rollback_config": {"order": "stop-first"},
    "restart_policy": {"condition": "any"},
}


def converted(version: str = "3.9", **full: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a service of a stack, without how it is deployed where that is nothing special."""
    service, lost = swarm_service(full, ".", version)
    if service["deploy"] == DEPLOY:
        del service["deploy"]
    return service, lost


@pytest.mark.parametrize(("full", "service", "lost"), [
    ({"build": ".", "container_name": "wa", "expose": ["3300"], "profiles": ["a"]}, {}, []),
    ({"depends_on": ["a"], "security_opt": ["b"]}, {}, ["depends_on", "security_opt"]),
    ({"depends_on": {}, "privileged": False}, {}, []),
    ({"init": True, "cap_drop": ["ALL"]}, {"init": True, "cap_drop": ["ALL"]}, []),
    ({"init": "${INIT:-true}"}, {}, ["init"]),
    ({"user": 1000}, {"user": "1000"}, []),
    ({"environment": {"A": True, "B": None, "C": 1}}, {"environment": {"A": "true", "B": None, "C": 1}}, []),
    ({"environment": ["A=1", "B"]}, {"environment": {"A": "1", "B": None}}, []),
    ({"labels": ["a=b"]}, {"labels": {"a": "b"}}, []),
    ({"environment": {"A": Verbatim("on"), "B": Verbatim("010")}}, {"environment": {"A": "on", "B": Verbatim("010")}}, []),
    ({"extra_hosts": ["a=1.2.3.4", "b:1.2.3.5"]}, {"extra_hosts": ["a:1.2.3.4", "b:1.2.3.5"]}, []),
    ({"extra_hosts": {"a": "[fd00::7]"}}, {"extra_hosts": ["a:fd00::7"]}, []),
    ({"ports": [{"target": 1, "published": "2", "mode": "host", "host_ip": "::1"}]}, {"ports": [{"target": 1, "published": 2, "mode": "host"}]}, ["ports.host_ip"]),
    ({"env_file": ".env"}, {"env_file": [".env"]}, []),
    ({"env_file": [{"path": "a"}, {"path": "b", "required": False}]}, {"env_file": ["a", "b"]}, ["env_file.required"]),
    ({"networks": ["a"]}, {"networks": {"a": None}}, []),
    ({"networks": {"a": {"aliases": ["x"], "priority": 1}}}, {"networks": {"a": {"aliases": ["x"]}}}, ["networks.priority"]),
    ({"healthcheck": {"test": "true", "start_interval": "1s"}}, {"healthcheck": {"test": "true"}}, ["healthcheck.start_interval"]),
])  # fmt: skip
def test_a_key_is_kept_translated_dropped_or_named(
    full: dict[str, Any], service: dict[str, Any], lost: list[str]
) -> None:
    found, missed = converted(**full)
    assert (found, missed) == (service, lost)
    assert quoting.yaml(found) == quoting.yaml(service)


@pytest.mark.parametrize(("full", "changed"), [
    ({"restart": "no"}, {"restart_policy": {"condition": "none"}}),
    ({"restart": False}, {"restart_policy": {"condition": "none"}}),
    ({"restart": "on-failure"}, {"restart_policy": {"condition": "on-failure"}}),
    ({"restart": "on-failure:3"}, {"restart_policy": {"condition": "on-failure", "max_attempts": 3}}),
    ({"restart": "no", "deploy": {"restart_policy": {"delay": "9s"}}}, {"restart_policy": {"delay": "9s"}}),
    ({"mem_limit": "1g", "cpus": 0.5, "pids_limit": 9}, {"resources": {"limits": {"memory": "1g", "cpus": "0.5", "pids": 9}}}),
    ({"mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "2g"}}}}, {"resources": {"limits": {"memory": "2g"}}}),
    ({"mem_reservation": "1g"}, {"resources": {"reservations": {"memory": "1g"}}}),
    ({"pids_limit": -1}, {}),
    ({"deploy": {"mode": "global", "replicas": 0}}, {}),
    ({"deploy": {"endpoint_mode": "vip"}}, {"endpoint_mode": "vip"}),
    ({"deploy": {"update_config": {"delay": "9s", "order": "start-first"}}}, {"update_config": {"delay": "9s", "order": "stop-first"}}),
    ({"deploy": {"labels": ["a=b"]}}, {"labels": {"a": "b"}}),
])  # fmt: skip
def test_one_task_at_a_time_whatever_is_stated(
    full: dict[str, Any], changed: dict[str, Any]
) -> None:
    service, lost = swarm_service(full, ".", "3.9")
    assert service["deploy"] == {**DEPLOY, **changed}
    assert lost == []


def test_the_older_format_has_no_limit_of_processes() -> None:
    service, lost = converted("3.8", pids_limit=9, mem_limit="1g")
    assert service["deploy"]["resources"] == {"limits": {"memory": "1g"}}
    assert lost == ["deploy.resources.limits.pids"]


def test_paths_start_from_the_stack_file() -> None:
    full = {"env_file": [".env", "/etc/wa.env"], "volumes": ["./a:/a", "b:/b", "/c:/c"]}
    service, _ = swarm_service(full, "../deploy", "3.9")
    assert service["env_file"] == ["../deploy/.env", "/etc/wa.env"]
    assert service["volumes"] == ["./../deploy/a:/a", "b:/b", "/c:/c"]


KEYS = sorted({*load_schema()["$defs"]["service_compose"].get("properties", {}), *TAKEN, *UNMISSED,
               "devices", "gpus", "ipc", "networks", "sysctls", "x-own"})  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=3), st.booleans(), st.integers(), st.just({"a": "b"}), st.just(["a"])
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_every_key_is_taken_or_accounted_for(full: dict[str, Any]) -> None:
    full = {key: each for key, each in full.items() if key not in {"deploy", "env_file", "volumes"}}
    service, lost = swarm_service(full, ".", "3.9")
    assert service.keys() <= TAKEN.keys() | {"networks"}
    for key, value in full.items():
        assert key in service or key in UNMISSED or key in lost or not value
