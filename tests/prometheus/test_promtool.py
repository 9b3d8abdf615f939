"""The files before promtool and the exporter itself: valid, and each alert tried on a fleet."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shardgen import quoting
from tests import needs
from tests.prometheus.fleets import FULL, Watched, states

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.prometheus
#: Settings at the ends of what the schema allows.
ENDS: dict[str, dict[str, Any]] = {
    "none": {},
    "full": FULL,
    "slow": {
        "interval": "2m", "timeout": "119s", "down_after": "12h", "missing_after": "24h",
        "down_days": 3, "flaps": 10, "capacity_ratio": 1, "volume_ratio": 1, **FULL,
    },
    "fast": {
        "interval": "1s", "timeout": "1ms", "down_after": "1ms", "missing_after": "1s",
        "down_days": 1, "flaps": 2, "capacity_ratio": 0.01, "volume_ratio": 0.01, **FULL,
    },
    "by_shard": {
        **FULL, "volume_label": "shard", "volume_name": "{id}", "labels": {},
        "job": "0-_", "blackbox": "[::1]:9115",
    },
    "by_service": {**FULL, "volume_label": "service", "volume_name": "{service}"},
    "labels": {"labels": {"a": "x:/@+-._", "B_1": "1", "_c": "no"}, "tenants_metric": 'a:b{c="", d="x/y"}'},
}  # fmt: skip


def promtool(project: Watched, *arguments: str, code: int = 0) -> str:
    """Run promtool in the folder of the output."""
    done = subprocess.run(
        [needs.require("promtool"), *arguments],
        cwd=project.path("prometheus"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def accepted(project: Watched) -> None:
    """Demand that Prometheus and the exporter take every file, and that the rules' tests pass."""
    promtool(project, "check", "config", "scrape.yml")
    promtool(project, "check", "rules", "rules.yml", "declared.yml")
    promtool(project, "test", "rules", "rules.test.yml")
    exporter = needs.require("prometheus-blackbox-exporter")
    file = str(project.path("prometheus/blackbox.yml"))
    done = subprocess.run(
        [exporter, f"--config.file={file}", "--config.check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("count", [1, 3, 100])
def test_fleets(tmp_path: Path, count: int) -> None:
    accepted(Watched(tmp_path / "p", states(count), **FULL))


@pytest.mark.parametrize("name", ENDS)
def test_settings(tmp_path: Path, name: str) -> None:
    accepted(Watched(tmp_path / "p", states(3), **ENDS[name]))


def test_one_prometheus_configuration_takes_all_of_it(tmp_path: Path) -> None:
    """As included by Prometheus 2.43 or later, which the scrape config is a whole file for."""
    project = Watched(tmp_path / "p", states(3), **FULL)
    text = project.files["scrape.yml"] + "rule_files: [rules.yml, declared.yml]\n"
    project.write("prometheus/prometheus.yml", text)
    said = promtool(project, "check", "config", "prometheus.yml")
    assert "2 rule files found" in said


def broken(alert: str) -> tuple[str, str]:
    """Return a part of a rule, and what would make the rule wrong."""
    return {
        "ShardDown": ("== 0\n        for: 2m", "== 0\n        for: 3h"),
        "ShardDownForDays": ("for: 2d", "for: 1d"),
        "ShardFlapping": (">= 3", ">= 4"),
        "ShardMissing": ("unless on (job, shard) up", "unless on (job) shardgen:shard_info"),
        "ShardsUndeclared": ("absent(shardgen:shard_info", "absent(up"),
        "ShardsUnwatched": ("== 0) > 0", "== 1) > 0"),
        "ShardNearCapacity": (">= 0.9\n        labels: {severity: warning}", "> 1\n        labels: {}"),
        "ShardVolumeNearlyFull": ("shardgen:shard_volume", "shardgen:shard_capacity"),
    }[alert]  # fmt: skip


def test_the_tests_of_the_rules_can_fail(tmp_path: Path) -> None:
    project = Watched(tmp_path / "p", states(3), **FULL)
    rules = project.files["rules.yml"]
    for alert in [each["alert"] for each in project.rules]:
        old, new = broken(alert)
        assert old in rules, alert
        project.write("prometheus/rules.yml", rules.replace(old, new, 1))
        said = promtool(project, "test", "rules", "rules.test.yml", code=1)
        assert "FAILED" in said, alert


def test_every_declared_shard_is_missed(tmp_path: Path) -> None:
    """The alerts find what declared.yml really records, a shard by its own labels."""
    project = Watched(tmp_path / "p", states(12), **FULL)
    labels = ["1", "2", *(str(number) for number in range(4, 13))]
    missing = [{"labels": f'{{shard="{each}"}}', "value": 1} for each in labels if each != "2"]
    test = {
        "rule_files": ["rules.yml", "declared.yml"],
        "group_eval_order": ["baileys-shards-declared", "baileys-shards"],
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [
                {"series": 'up{job="baileys-shards", shard="2"}', "values": "1x20"},
                {"series": 'tenants{database="main", shard="4"}', "values": "400x20"},
                {"series": 'tenants{database="other", shard="5"}', "values": "500x20"},
                {"series": 'kubelet_volume_stats_available_bytes{persistentvolumeclaim='
                 '"whatsapp-auth-shard6-baileys-6-0"}', "values": "1x20"},
                {"series": 'kubelet_volume_stats_capacity_bytes{persistentvolumeclaim='
                 '"whatsapp-auth-shard6-baileys-6-0"}', "values": "100x20"},
            ],
            "promql_expr_test": [
                {"expr": f'count by (shard) (ALERTS{{alertname="{name}", alertstate="firing"}})',
                 "eval_time": "15m", "exp_samples": samples}
                for name, samples in (
                    ("ShardMissing", missing),
                    ("ShardNearCapacity", [{"labels": '{shard="4"}', "value": 1}]),
                    ("ShardVolumeNearlyFull", [{"labels": '{shard="6"}', "value": 1}]),
                    ("ShardsUndeclared", []),
                )
            ],
        }],
    }  # fmt: skip
    project.write("prometheus/more.test.yml", yaml.safe_dump(test))
    promtool(project, "test", "rules", "more.test.yml")


def test_an_alert_goes_on_when_its_shard_is_drained(tmp_path: Path) -> None:
    project = Watched(tmp_path / "p", states(2))
    common = 'job="baileys-shards", shard="1", service="baileys", instance="u"'
    alert = {"alertname": "ShardDown", "severity": "critical", "job": "baileys-shards",
             "shard": "1", "service": "baileys", "instance": "u"}  # fmt: skip
    rule = next(each for each in project.rules if each["alert"] == "ShardDown")
    texts = {
        name: text.replace("{{ $labels.shard }}", "1")
        .replace("{{ $labels.service }}", "baileys")
        .replace("{{ $labels.instance }}", "u")
        .replace("{{ with $labels.host }} on {{ . }}{{ end }}", "")
        for name, text in rule["annotations"].items()
    }
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "30s",
        "tests": [{
            "interval": "30s",
            "input_series": [
                {"series": f'probe_success{{{common}, state="active"}}', "values": "0x3 stale"},
                {"series": f'probe_success{{{common}, state="draining"}}',
                 "values": "_x3 0x10"},
            ],
            "alert_rule_test": [
                {"eval_time": time, "alertname": "ShardDown",
                 "exp_alerts": [{"exp_labels": {k: v for k, v in alert.items() if k != "alertname"},
                                 "exp_annotations": texts}] if fires else []}
                for time, fires in (("1m30s", False), ("2m", True), ("4m", True))
            ],
        }],
    }  # fmt: skip
    project.write("prometheus/more.test.yml", yaml.safe_dump(test))
    promtool(project, "test", "rules", "more.test.yml")


#: What Grafana puts for its own variables.
VARIABLES = {"$__range": "1h", "$job": "baileys-shards", "$shard": ".+"}


def test_promtool_parses_each_expression_of_the_dashboard(tmp_path: Path) -> None:
    project = Watched(tmp_path / "p", states(3), **FULL)
    board = project.dashboard
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [each["expr"] for each in board["annotations"]["list"]]
    queries = [each["query"] for each in board["templating"]["list"]]
    found += [
        match[1]
        for query in queries
        if isinstance(query, dict)
        and (match := re.fullmatch(r"label_values\((.*), \w+\)", query["query"]))
    ]
    assert len(found) == 13
    for number, expression in enumerate(found):
        for name, value in VARIABLES.items():
            found[number] = found[number].replace(name, value)
        assert "$" not in found[number], expression
    project.write("prometheus/board.yml", as_rules(found))
    assert "13 rules found" in promtool(project, "check", "rules", "board.yml")
    project.write("prometheus/board.yml", as_rules(["sum(", *found[1:]]))
    promtool(project, "check", "rules", "board.yml", code=1)


def as_rules(expressions: list[str]) -> str:
    """Return expressions as a file of recording rules."""
    rules = [{"record": f"board:{number}", "expr": each} for number, each in enumerate(expressions)]
    return str(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))


TEXTS = [
    "{{",
    "}}",
    "{",
    "{{ $labels.shard }}",
    '{{ "',
    "{{/*",
    "{{-",
    "a{",
    "`{{`",
    "%",
    "\\",
    '"',
    "é🐎",
]


def test_prose_opens_no_action_of_a_template(tmp_path: Path) -> None:
    """Prometheus says each text as it was, wherever it stands beside a real action."""
    project = Watched(tmp_path / "p", states(1))
    rules = [
        {"alert": f"A{number}", "expr": "vector(1)", "annotations": {
            "text": f"{quoting.gotemplate(text)}{{{{ $value }}}}{quoting.gotemplate(text)}"}}
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    test = {
        "rule_files": ["texts.yml"],
        "tests": [{"interval": "1m", "alert_rule_test": [
            {"eval_time": "1m", "alertname": f"A{number}",
             "exp_alerts": [{"exp_annotations": {"text": f"{text}1{text}"}}]}
            for number, text in enumerate(TEXTS)
        ]}],
    }  # fmt: skip
    project.write(
        "prometheus/texts.yml", yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]})
    )
    project.write("prometheus/texts.test.yml", yaml.safe_dump(test))
    promtool(project, "test", "rules", "texts.test.yml")


def test_names_of_files_reach_the_annotations_as_they_are(tmp_path: Path) -> None:
    docs = "docs/{{ x }} a.md"
    more = {"templates": "t"}
    project = Watched(tmp_path / "p", [{"id": 1}], more)
    text = project.read("shards.yaml").replace(
        "outputs:\n", f"outputs:\n  docs: {{path: '{docs}'}}\n"
    )
    project.write("shards.yaml", text)
    project.render()
    rule = next(each for each in project.rules if each["alert"] == "ShardDown")
    assert '{{"{"}}{{"{"}} x }} a.md' in rule["annotations"]["runbook"]
    accepted(project)
