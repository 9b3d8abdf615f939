"""What the files for Prometheus say of a fleet, read by parsers of their languages."""

from __future__ import annotations

import itertools
import json
import re
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shardgen import quoting, readback
from shardgen.kubernetes.names import claims
from shardgen.kubernetes.settings import Kubernetes
from shardgen.model import build_fleet
from shardgen.outputs import OUTPUTS, stated
from shardgen.prometheus.settings import Prometheus, seconds
from shardgen.prometheus.trials import later, series
from shardgen.prometheus.watched import LONGEST_UID, uid, volume_value, watched
from shardgen.schema import load_schema
from shardgen.settings import settings
from tests.prometheus.fleets import FULL, Watched, states
from tests.support import run
from tests.test_docs import documented

if TYPE_CHECKING:
    from pathlib import Path

    from shardgen.model import Fleet

SETTINGS = load_schema()["properties"]["outputs"]["properties"]["prometheus"]["properties"]
ALERTS = ["ShardDown", "ShardDownForDays", "ShardFlapping", "ShardMissing", "ShardsUndeclared",
          "ShardsUnwatched"]  # fmt: skip
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
#: What Grafana itself puts in, https://grafana.com/docs/grafana/latest/dashboards/variables
GLOBAL = {"__range", "__all"}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Twelve shards in every state, with every setting."""
    return Watched(tmp_path_factory.mktemp("full") / "project", states(12), **FULL)


def test_the_schema_documents_the_defaults() -> None:
    default = Prometheus()
    assert {field.name for field in fields(Prometheus)} == SETTINGS.keys() - {"enabled", "path"}
    for field in fields(Prometheus):
        assert SETTINGS[field.name]["default"] == getattr(default, field.name), field.name


def test_each_running_shard_has_one_target(full: Watched) -> None:
    found = {each["labels"]["shard"]: each for each in full.targets}
    assert list(found) == ["1", "2", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
    assert found["2"] == {
        "targets": ["http://baileys-2:3300/health"],
        "labels": {"shard": "2", "service": "baileys-2", "state": "draining", "env": "prod"},
    }
    assert found["1"]["labels"]["service"] == "baileys"
    assert all(len(each["targets"]) == 1 for each in full.targets)


def test_a_target_is_the_url_that_answers(tmp_path: Path) -> None:
    shards = [
        {"id": 1, "url": "http://wa.example:1/base/"},
        {"id": 2, "healthcheck": {"path": "/ready"}},
        {"id": 3, "healthcheck": {"test": ["CMD", "true"]}},
        {"id": 4, "healthcheck": None},
    ]
    project = Watched(tmp_path / "p", shards, {"service": {"healthcheck": {"path": "/healthz"}}})
    assert [each["targets"] for each in project.targets] == [
        ["http://wa.example:1/base/healthz"],
        ["http://baileys-2:3300/ready"],
        ["http://baileys-3:3300/healthz"],
        ["http://baileys-4:3300/healthz"],
    ]


def test_what_is_declared_is_what_is_probed(full: Watched) -> None:
    """The label sets are equal, or an alert would look for a shard that is called otherwise."""
    info = [each for each in full.declared if each["record"] == "shardgen:shard_info"]
    probed = [{"job": "baileys-shards", **each["labels"]} for each in full.targets]
    assert [each["labels"] for each in info] == probed
    for kind, extra in (("capacity", set()), ("volume", {"persistentvolumeclaim"})):
        rules = [each for each in full.declared if each["record"] == f"shardgen:shard_{kind}"]
        assert len(rules) == len(info)
        for rule, shard in zip(rules, info, strict=True):
            labels = {k: v for k, v in rule["labels"].items() if k not in extra}
            assert labels == {k: v for k, v in shard["labels"].items() if k != "state"}
    capacity = [e["expr"] for e in full.declared if e["record"] == "shardgen:shard_capacity"]
    assert capacity[0] == "vector(100)"


def test_alerts_are_the_same_for_every_fleet(tmp_path: Path) -> None:
    """A new shard changes what lists shards, and not a byte of the rules and of the dashboard."""
    project = Watched(tmp_path / "p", states(1), **FULL)
    for count, changing in ((11, {"rules.test.yml"}), (12, set())):
        before = project.files
        project.say(states(count), **FULL)
        changed = {name for name, text in project.files.items() if text != before[name]}
        assert changed == {"targets.json", "declared.yml", *changing}


def test_alerts_are_there_for_what_can_be_measured(tmp_path: Path, full: Watched) -> None:
    plain = Watched(tmp_path / "p", [{"id": 1}, {"id": 2}])
    assert [each["alert"] for each in plain.rules] == ALERTS
    assert len(plain.declared) == 2
    more = ["ShardNearCapacity", "ShardVolumeNearlyFull"]
    assert [each["alert"] for each in full.rules] == [*ALERTS, *more]
    plain.say([{"id": 1}, {"id": 2}], tenants_metric="t")
    assert [each["alert"] for each in plain.rules] == ALERTS, "no shard has a capacity"


def test_each_alert_says_what_to_do(full: Watched) -> None:
    for rule in full.rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert all(len(text) > 15 for text in rule["annotations"].values())


def test_job_labels_and_times_are_those_that_are_stated(tmp_path: Path) -> None:
    project = Watched(
        tmp_path / "p", [{"id": 1}], job="wa", interval="15s", timeout="2s", down_after="45s",
        missing_after="1h", down_days=7, flaps=5, blackbox="[::1]:9115",
    )  # fmt: skip
    (scrape,) = project.yaml("scrape.yml")["scrape_configs"]
    assert (scrape["job_name"], scrape["scrape_interval"]) == ("wa", "15s")
    assert scrape["relabel_configs"][-1] == {
        "target_label": "__address__",
        "replacement": "[::1]:9115",
    }
    assert project.yaml("blackbox.yml")["modules"]["http_2xx"]["timeout"] == "2s"
    waits = {each["alert"]: each.get("for") for each in project.rules}
    assert waits == dict(zip(ALERTS, ["45s", "7d", None, "1h", "1h", "45s"], strict=True))
    assert "[30m])) >= 5" in project.files["rules.yml"]
    assert all('job="wa"' in each["expr"] for each in project.rules)


def test_a_shard_elsewhere_bears_its_host() -> None:
    data = {"version": 1, "shards": [{"id": 1}, {"id": 2, "host": "shards-b"}]}
    first, second = watched(build_fleet(data), OUTPUTS["prometheus"])["shards"]
    assert "host" not in first["info"]
    assert second["info"]["host"] == second["labels"]["host"] == "shards-b"
    assert second["identity"]["host"] == "shards-b"
    assert second["url"].startswith("http://shards-b:")


@pytest.mark.parametrize(
    ("form", "name"),
    [("per-shard", "{claim}-{name}-{id}-0"), ("single", "whatsapp-auth-{name}-{id}")],
)
def test_claims_have_the_names_that_the_kubernetes_output_gives(form: str, name: str) -> None:
    data = {"version": 1, "shards": [{"id": 1}, {"id": 2, "volume": "WA_eu.west_"}, {"id": 30}]}
    fleet = build_fleet(data)
    monitoring = settings(Prometheus, {"volume_name": name})
    found = {shard.id: volume_value(shard, fleet, monitoring) for shard in fleet.live}
    assert found == claims(fleet, Kubernetes(form=form))
    assert Prometheus().volume_name == "{claim}-{name}-{id}-0"


# the dashboard


def panels(full: Watched) -> list[dict[str, Any]]:
    """Return the dashboard's panels."""
    found: list[dict[str, Any]] = full.dashboard["panels"]
    return found


def test_panels_have_ids_of_their_own_and_do_not_overlap(full: Watched) -> None:
    assert len({panel["id"] for panel in panels(full)}) == len(panels(full)) == 11
    for panel in panels(full):
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        assert min(grid["w"], grid["h"]) > 0
    for one, other in itertools.combinations([panel["gridPos"] for panel in panels(full)], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_variables_that_are_used_exist_and_the_other_way_round(full: Watched) -> None:
    listed = [each["name"] for each in full.dashboard["templating"]["list"]]
    used = set(VARIABLE.findall(full.files["dashboard.json"])) - GLOBAL
    assert used == set(listed)
    assert len(listed) == len(set(listed))
    for panel in panels(full):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["description"]


@pytest.mark.parametrize("without", ["tenants_metric", "volume_free_metric", None])
def test_panels_are_there_for_what_can_be_measured(tmp_path: Path, without: str | None) -> None:
    stated = {k: v for k, v in FULL.items() if without and k[:3] != without[:3]}
    project = Watched(tmp_path / "p", states(3), **stated)
    wanted = {"tenants_metric": {11}, "volume_free_metric": {10}, None: set()}[without]
    assert {panel["id"] for panel in panels(project)} == set(range(1, 10)) | wanted


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", fullmatch=True))
def test_the_uid_is_one_that_grafana_takes(job: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid(job))
    assert uid(job) == uid(job)
    assert len(uid(job)) <= LONGEST_UID


# what a template of the user's cannot lose


BROKEN = {
    "targets.json.j2": [
        ('"state"', "[]", "does not probe shard 1"),
        ("url", '[{"targets": ["http://x/health"], "labels": {"shard": "1", "state": "active"}}]',
         "does not probe shard 1 at 'http://baileys-1:3300'"),
        ("state", ('[{"targets": ["http://baileys-1:3300/health"], "labels": '
         '{"shard": "1", "state": "draining"}}]'), "says that shard 1 is 'draining', not 'active'"),
        ("more", ('[{"targets": ["http://baileys-1:3300/health"], "labels": {"shard": "1", "state": '
         '"active"}}, {"targets": ["x"], "labels": {"shard": "9", "state": "active"}}]'), "probes 9"),
    ],
    "declared.yml.j2": [
        ("none", "groups: [{name: a, rules: [{record: b, expr: c, labels: {}}]}]\n",
         "does not declare shard 1 as 'active'"),
        ("state", ('groups: [{name: a, rules: [{record: "shardgen:shard_info", labels: '
         '{shard: "1", state: draining}}]}]\n'), "does not declare shard 1 as 'active'"),
        ("twice", "groups:\n- name: a\n  rules:\n" + '  - {record: "shardgen:shard_info", labels: '
         '{shard: "1", state: active}}\n' * 2, "one twice"),
    ],
    "dashboard.json.j2": [("text", "{", "cannot be read back as json")],
    "rules.yml.j2": [("text", "a: b: c\n", "cannot be read back as yaml")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text", "fault"),
    [
        pytest.param(name, text, fault, id=f"{name}-{what}")
        for name, broken in BROKEN.items()
        for what, text, fault in broken
    ],
)
def test_a_template_that_loses_a_shard_writes_nothing(
    tmp_path: Path, template: str, text: str, fault: str
) -> None:
    project = Watched(tmp_path / "p", [{"id": 1}], {"service": {"port": 3300}})
    shard = project.targets[0]["targets"][0].removesuffix("/health")
    project.write(f"templates/prometheus/{template}", text.replace("http://baileys-1:3300", shard))
    before = project.files
    ran = run(project.root, "render")
    assert ran.code == 2
    assert fault.replace("http://baileys-1:3300", shard) in ran.err
    assert project.files == before


# small parts


@pytest.mark.parametrize(
    ("text", "value"), [("30s", 30), ("1500ms", 1.5), ("2m", 120), ("12h", 43200)]
)
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "minutes"), [("1s", 10), ("10m", 10), ("11m", 20), ("601s", 20), ("12h", 720)]
)
def test_the_first_look_at_which_an_alert_fires(text: str, minutes: int) -> None:
    assert later(text) == minutes


def test_a_series_that_a_metric_selects() -> None:
    assert series("a:b", {"shard": "1"}) == {"name": "a:b", "labels": {"shard": "1"}}
    found = series('t{a="b", c=""}', {"shard": "1"})
    assert found == {"name": "t", "labels": {"a": "b", "c": "", "shard": "1"}}


@given(
    st.dictionaries(st.from_regex("[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True), st.text(max_size=9))
)
def test_matchers_are_read_back(labels: dict[str, str]) -> None:
    """A string of PromQL that needs no more than JSON's escapes is one of JSON."""
    body = quoting.promql(labels)
    pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*")(?:, |}$)', body)
    assert {name: json.loads(value) for name, value in pairs} == labels
    assert body == "{" + ", ".join(f"{name}={value}" for name, value in pairs) + "}"


@pytest.mark.parametrize("name", ["a-b", "", "1a", "a\n", "é"])
def test_a_name_that_no_label_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a label"):
        quoting.promql({name: "x"})


def test_the_output_is_imported_where_it_is_on(project: Any) -> None:
    """Neither a clean check nor a render without it needs any of it."""
    script = (
        "import sys; from shardgen.__main__ import main; code = main([sys.argv[1]]); "
        "print(code, [m for m in sys.modules if 'shardgen.prometheus' in m or 'rules.prometheus' in m])"
    )
    import subprocess

    for command in ("render", "check"):
        done = subprocess.run(
            [sys.executable, "-c", script, command],
            cwd=project.root, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == "0 []"


def test_both_languages_are_read_back() -> None:
    assert {"json", "yaml"} == {
        language for name, language in readback.FAULTS if name == "prometheus"
    }


def test_the_fields_of_its_templates_are_documented(full: Watched) -> None:
    data = watched(full_fleet(full), stated(OUTPUTS["prometheus"], FULL))
    found = [f"prometheus.{key}" for key in ("job", "uid", "sees_volumes")]
    found += [f"prometheus.shards[].{key}" for key in data["shards"][0]]
    found += [f"prometheus.trials.{key}" for key in data["trials"] if key != "shards"]
    found += [f"prometheus.trials.shards[].{key}" for key in data["trials"]["shards"][0]]
    assert documented("The fields of the prometheus output") == found
    assert data.keys() - {"job", "uid", "sees_volumes", "shards", "trials"} < SETTINGS.keys()


def full_fleet(project: Watched) -> Fleet:
    """Return the fleet of a project."""
    return build_fleet(yaml.safe_load(project.read("shards.yaml")))
