"""Values: any that compose takes means the same in a cluster, or is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen import languages, quoting
from shardgen.kubernetes import container
from shardgen.kubernetes.amounts import memory, processors, seconds
from shardgen.kubernetes.environment import entry, sources, variables
from shardgen.kubernetes.interpolation import Unclear, Variable, escaped, literal, meaning
from shardgen.kubernetes.omissions import omissions
from shardgen.kubernetes.probes import container_probes
from shardgen.kubernetes.security import container_security, pod_security
from shardgen.kubernetes.settings import Kubernetes
from shardgen.kubernetes.words import words
from shardgen.model import build_fleet
from tests.examples import examples
from tests.kubernetes.server import expanded

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")) | st.text(
    "$(){}AB_é\n\t '\"#:", max_size=14
)
EVERYTHING = dict.fromkeys(("A", "B", "AB", "A_B", ""), "leaked")


@given(text=TEXT)
@settings(max_examples=examples(400), deadline=None)
def test_any_text_comes_back_through_yaml_and_the_kubelet(text: str) -> None:
    stated = entry("X", text.replace("$", "$$"), "secret")
    written = f"a: {{env: {quoting.yaml([stated])}}}\n---\n- {quoting.yaml(stated['value'])}\n"
    first, second = languages.read_yaml_stream(written)
    assert first["a"]["env"] == [stated]
    assert expanded(second[0], EVERYTHING) == text


PLAIN = st.text("ab :/(){\n", max_size=4).map(lambda text: (text, text))
DOLLAR = st.just(("$$", "$"))
INNER = st.text("ab :/", max_size=4) | st.just("$$")
DEFAULT = INNER.map(lambda text: (f"${{A:-{text}}}", text.replace("$$", "$")))


@given(parts=st.lists(PLAIN | DOLLAR | DEFAULT, max_size=6))
def test_what_a_value_without_variables_means(parts: list[tuple[str, str]]) -> None:
    assert meaning("".join(written for written, _ in parts)) == "".join(text for _, text in parts)


@pytest.mark.parametrize(("written", "found"), [
    ("", ""), ("a b", "a b"), (3300, "3300"), (True, "true"), (0.5, "0.5"), ("$$", "$"),
    ("$$(date) $$$$", "$(date) $$"), ("${A}", Variable(name="A")), ("$A", Variable(name="A")),
    ("${A:?say it}", Variable(name="A")), ("${A?}", Variable(name="A")),
    ("${A:-info}", "info"), ("${A-}", ""), ("${A:-}", ""), ("${A:-${B:-x}y}", "xy"),
    ("${A:-${B}}", Variable(name="B")), ("${A:-$$5}", "$5"),
    ("http://${A:-api}:${B:-5000}", "http://api:5000"),
])  # fmt: skip
def test_what_a_value_means(written: Any, found: Any) -> None:
    assert meaning(written) == found


@pytest.mark.parametrize(("written", "fault"), [
    ("x${A}", "mixes a text with ${A}"), ("${A}${B}", "mixes a text with ${A}"),
    ("${A:+on}", "depends on a variable"), ("${A", "is not closed"), ("$", "compose cannot read"),
    ("${A!x}", "compose cannot read"), ("${A:-${B}x}", "mixes a text with ${B}"),
])  # fmt: skip
def test_what_no_cluster_can_say(written: str, fault: str) -> None:
    with pytest.raises(Unclear) as error:
        meaning(written)
    assert fault in str(error.value)
    with pytest.raises(Unclear):
        literal(written)


def test_secrets() -> None:
    key = {"name": "s", "key": "TOKEN"}
    assert entry("A", "${TOKEN}", "s") == {"name": "A", "valueFrom": {"secretKeyRef": key}}
    passed = entry("TOKEN", None, "s")
    assert passed["valueFrom"]["secretKeyRef"] == {**key, "optional": True}
    with pytest.raises(Unclear, match="name that no container takes"):
        entry("a b", "x", "s")
    assert sources({"env_file": ".env"}, "s") == [{"secretRef": {"name": "s"}}]
    optional = {"env_file": [{"path": "a", "required": False}]}
    assert sources(optional, "s") == [{"secretRef": {"name": "s", "optional": True}}]
    assert sources({}, "s") == []
    stated = {"environment": ["A=1", "B=2", "C"]}
    found = variables(stated, Kubernetes(environment={"B": None, "D": "4"}))
    assert found == {"A": "1", "C": None, "D": "4"}


@pytest.mark.parametrize(("read", "written", "found"), [
    (seconds, "1m30s", 90), (seconds, "500ms", 1), (seconds, "1.5h", 5400), (seconds, "0s", 0),
    (seconds, "9999999h", 2**31 - 1), (seconds, "${A:-10s}", 10),
    (memory, "512m", "512Mi"), (memory, "1g", "1Gi"), (memory, "1.5GB", "1536Mi"),
    (memory, "100", "100"), (memory, "64kb", "64Ki"), (memory, "0", None), (memory, 1048576, "1Mi"),
    (processors, "0.5", "500m"), (processors, 2, "2"), (processors, 0.0001, "1m"), (processors, 0, None),
])  # fmt: skip
def test_amounts(read: Any, written: Any, found: Any) -> None:
    assert read(written) == found


@pytest.mark.parametrize("read", [seconds, memory, processors])
@pytest.mark.parametrize("written", ["", "x", "10", "1 parsec", "${A}", "-1"])
def test_amounts_that_are_none(read: Any, written: str) -> None:
    if written == "10" and read is not seconds:
        return
    with pytest.raises(Unclear):
        read(written)


def test_limits_of_every_spelling() -> None:
    deploy = {"resources": {"limits": {"cpus": "0.5"}, "reservations": {"memory": "64m"}}}
    found = container.resources({"deploy": deploy, "mem_limit": "1g", "cpus": 4})
    assert found == {"requests": {"memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"}}
    assert container.resources({"mem_limit": "0", "deploy": {"replicas": 1}}) == {}


def test_words() -> None:
    assert words("node 'a b.js' $$HOME") == ["node", "a b.js", "$$HOME"]
    assert words(["sh", "-c", "echo $$(date) ${A:-x}"]) == ["sh", "-c", "echo $$(date) x"]
    assert words(None) == []
    with pytest.raises(Unclear, match="quote"):
        words("node 'a")


@pytest.mark.parametrize(("check", "path", "action"), [
    (None, None, {"tcpSocket": {"port": "http"}}),
    ({"test": "NONE"}, None, {"tcpSocket": {"port": "http"}}),
    ({"test": ["NONE"]}, None, {"tcpSocket": {"port": "http"}}),
    ({"disable": True, "test": "x"}, None, {"tcpSocket": {"port": "http"}}),
    ({"test": ["CMD", "x"]}, "/up", {"httpGet": {"path": "/up", "port": "http"}}),
    ({"test": ["CMD", "x", "$$1"]}, None, {"exec": {"command": ["x", "$$1"]}}),
    ({"test": ["CMD-SHELL", "x | y"]}, None, {"exec": {"command": ["/bin/sh", "-c", "x | y"]}}),
    ({"test": "x | y"}, None, {"exec": {"command": ["/bin/sh", "-c", "x | y"]}}),
])  # fmt: skip
def test_what_probes_ask(check: Any, path: str | None, action: Any) -> None:
    for probe in container_probes(check, path).values():
        assert action.items() <= probe.items()


def test_no_shard_is_started_anew_in_a_hurry() -> None:
    quick = {"test": "x", "interval": "5s", "timeout": "2s", "retries": 2, "start_period": "10m"}
    found = container_probes(quick, None)
    times = {name: (p["periodSeconds"], p["timeoutSeconds"], p["failureThreshold"])
             for name, p in found.items()}  # fmt: skip
    assert times == {
        "startupProbe": (10, 2, 61),
        "readinessProbe": (5, 2, 2),
        "livenessProbe": (5, 2, 60),
    }
    slow = container_probes({"test": "x", "interval": "2m", "retries": 9}, None)["livenessProbe"]
    assert slow["periodSeconds"] * slow["failureThreshold"] >= 2 * 9 * 120


def test_users_and_privileges() -> None:
    plain = {"seccompProfile": {"type": "RuntimeDefault"}}
    assert pod_security({}, Kubernetes()) == plain
    assert pod_security({"user": "node"}, Kubernetes()) == plain
    both = pod_security({"user": "1000:2000"}, Kubernetes())
    assert (both["runAsUser"], both["runAsGroup"], both["fsGroup"]) == (1000, 2000, 2000)
    assert pod_security({"user": 0}, Kubernetes())["runAsNonRoot"] is False
    assert pod_security({"user": "node"}, Kubernetes(run_as_user=7))["runAsUser"] == 7
    added = container_security({"cap_add": ["CAP_CHOWN", "kill"], "read_only": True})
    assert added["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "KILL"]}
    assert added["readOnlyRootFilesystem"] is True


def test_nothing_is_lost_in_silence() -> None:
    shard: Any = SimpleNamespace(volume="v", mount="/data")
    service = {
        "image": "x", "networks": ["a"], "container_name": "y", "x-own": 1, "labels": {"a": "b"},
        "init": True, "ulimits": {"nofile": 1}, "restart": "no", "pull_policy": "daily",
        "security_opt": ["no-new-privileges:true", "seccomp:unconfined"], "user": "node",
        "deploy": {"replicas": 1, "placement": {}, "resources": {"limits": {"cpus": 1, "pids": 9}}},
        "volumes": ["v:/data", "./a:/b:ro", "cache:/c", {"type": "tmpfs", "target": "/t"}],
    }  # fmt: skip
    assert list(omissions(shard, service, Kubernetes())) == [
        "labels", "init", "ulimits", "deploy.placement", "deploy.resources.limits.pids",
        "pull_policy: daily", 'restart: "no"', "security_opt: seccomp:unconfined", "user: node",
        "the mount ./a:/b", "the mount cache:/c",
    ]  # fmt: skip
    assert escaped("a$b") == "a$$b"


def test_a_path_is_probed_only_where_the_last_word_on_it_is_a_path() -> None:
    """`test` and null in an entry replace the path of `service`; its own path wins."""
    data: dict[str, Any] = {
        "service": {"healthcheck": {"path": "/up"}},
        "shards": [
            {"id": 1},
            {"id": 2, "healthcheck": {"path": "/alive"}},
            {"id": 3, "healthcheck": {"test": ["CMD", "check"]}},
            {"id": 4, "healthcheck": None},
        ],
    }
    fleet, found = build_fleet(data), []
    for shard in fleet.shards:
        own = container.stated(data["service"], data["shards"][shard.index])
        service = {"image": "shop:1", "healthcheck": {"test": ["CMD", "check"]}}
        pod = container.container(shard, service, fleet, Kubernetes(), "", own)
        probe = pod["readinessProbe"]
        found.append(probe.get("httpGet", {}).get("path") or probe["exec"]["command"])
    assert found == ["/up", "/alive", ["check"], ["check"]]
