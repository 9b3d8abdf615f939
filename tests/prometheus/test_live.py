"""A real Prometheus with the real blackbox exporter, on the rendered files as they are.

It watches stand-in shards on this machine's loopback, and what it says is what its rules say.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from shardgen import quoting
from tests import needs
from tests.prometheus.fleets import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.prometheus
#: From this version on, a scrape config of another file can be included.
INCLUDES = (2, 43)
PATIENCE = 25.0
TEXTS = [
    "",
    "a b",
    '"',
    "'",
    "\\",
    "\\n",
    "\n\t\r",
    "{{ x }}",
    "é🐎",
    "\x7f\x85\u2028\ufeff",
    "`",
    "#: x",
]


class Shard:
    """A stand-in for a shard: answers on its health path as it is told to, or not at all."""

    def __init__(self) -> None:
        self.answer = "ok"
        self.elsewhere = "/"
        self.server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the port of the first time."""
        shard = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if shard.answer == "slow":
                    time.sleep(1.5)
                status = {"error": 503, "elsewhere": 302}.get(shard.answer, 200)
                status = status if self.path == "/health" else 404
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Location", shard.elsewhere)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def become(self, answer: str) -> None:
        """Answer otherwise from now on."""
        self.answer = answer
        if answer == "gone":
            self.stop()
        elif self.server is None:
            self.start()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str) -> Any:
    """Return what a URL answers, None where nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


def until(check: Callable[[], Any], wanted: Any) -> None:
    """Wait until a check says what is wanted."""
    end = time.monotonic() + PATIENCE
    while (found := check()) != wanted:
        assert time.monotonic() < end, f"still {found}, not {wanted}"
        time.sleep(0.2)


@contextlib.contextmanager
def running(url: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; ready when its URL answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: (process.poll(), get(url) is not None), (None, True))
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Prometheus:
    """A Prometheus that answers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression is now."""
        query = urllib.parse.urlencode({"query": expression})
        found: list[dict[str, Any]] = json.loads(get(f"{self.url}/api/v1/query?{query}"))["data"][
            "result"
        ]
        return found

    def answering(self) -> dict[str, str]:
        """Return whether each shard answers, by its id."""
        return {each["metric"]["shard"]: each["value"][1] for each in self.query("probe_success")}

    def alerts(self) -> set[tuple[str, str]]:
        """Return the alerts that fire, and of which shard."""
        alerts = json.loads(get(f"{self.url}/api/v1/alerts"))["data"]["alerts"]
        return {
            (each["labels"]["alertname"], each["labels"].get("shard", ""))
            for each in alerts
            if each["state"] == "firing"
        }


def configuration(project: Watched, prometheus: str) -> str:
    """Write a prometheus.yml that includes what was rendered; return its path."""
    said = subprocess.run([prometheus, "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"version (\d+)\.(\d+)", said.stdout + said.stderr)
    assert version
    can_include = (int(version[1]), int(version[2])) >= INCLUDES
    scrape = "scrape_config_files: [scrape.yml]\n" if can_include else project.files["scrape.yml"]
    project.write("prometheus/prometheus.yml", f"{scrape}rule_files: [rules.yml, declared.yml]\n")
    return str(project.path("prometheus/prometheus.yml"))


@pytest.fixture
def shards() -> Iterator[dict[int, Shard]]:
    """Seven stand-ins that answer, by id; they end with the test."""
    found = {number: Shard() for number in range(1, 8)}
    yield found
    for shard in found.values():
        shard.stop()


def entries(shards: dict[int, Shard], **states: str) -> list[dict[str, Any]]:
    """Return the entries of shards.yaml; the states are those of `s3` and the like."""
    return [
        {"id": number, "url": f"http://127.0.0.1:{shard.port}",
         "state": states.get(f"s{number}", "active")}
        for number, shard in shards.items()
    ]  # fmt: skip


def test_a_shard_that_dies_fires_and_one_that_lives_again_resolves(
    tmp_path: Path, shards: dict[int, Shard]
) -> None:
    exporter, prometheus = (
        needs.require("prometheus-blackbox-exporter"), needs.require("prometheus"),
    )  # fmt: skip
    ports = free_port(), free_port()
    settings = {
        "blackbox": f"127.0.0.1:{ports[0]}", "interval": "1s", "timeout": "500ms",
        "down_after": "2s", "labels": {"env": "test"},
    }  # fmt: skip
    project = Watched(tmp_path / "p", entries(shards, s6="draining"), **settings)
    watch = Prometheus(ports[1])
    probing = running(
        f"http://127.0.0.1:{ports[0]}/-/healthy", exporter,
        f"--config.file={project.path('prometheus/blackbox.yml')}",
        f"--web.listen-address=127.0.0.1:{ports[0]}",
    )  # fmt: skip
    scraping = running(
        f"{watch.url}/-/ready", prometheus,
        f"--config.file={configuration(project, prometheus)}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{ports[1]}",
    )  # fmt: skip
    with probing as probes, scraping as scrapes:
        everyone_answers_and_some_stop(watch, shards)
        strings_are_read_back(watch)
        the_fleet_changes(project, watch, shards, settings, scrapes)
        probes.terminate()
        until(watch.alerts, {("ShardsUnwatched", "")})
    assert [get(f"http://127.0.0.1:{port}/") for port in ports] == [None, None]
    assert None not in (probes.returncode, scrapes.returncode)


def everyone_answers_and_some_stop(watch: Prometheus, shards: dict[int, Shard]) -> None:
    """Let five shards fail, each in its own way, also a draining one, and come back."""
    until(watch.answering, dict.fromkeys("1234567", "1"))
    assert watch.alerts() == set()
    shards[4].elsewhere = f"http://127.0.0.1:{shards[1].port}/health"
    ways = {2: "gone", 3: "slow", 4: "elsewhere", 5: "error", 6: "gone"}
    for number, answer in ways.items():
        shards[number].become(answer)
    until(watch.alerts, {("ShardDown", str(number)) for number in ways})
    assert watch.answering()["1"] == "1"
    (alert,) = (each["metric"] for each in watch.query('ALERTS{shard="6"}'))
    assert alert["instance"] == f"http://127.0.0.1:{shards[6].port}/health"
    assert (alert["service"], alert["severity"], alert["env"]) == ("baileys-6", "critical", "test")
    for number in ways:
        shards[number].become("ok")
    until(watch.answering, dict.fromkeys("1234567", "1"))
    until(watch.alerts, set())


def the_fleet_changes(
    project: Watched,
    watch: Prometheus,
    shards: dict[int, Shard],
    settings: dict[str, Any],
    scrapes: subprocess.Popen[bytes],
) -> None:
    """Retire a shard and add another: nobody is woken for the one, and the other is probed."""
    new = Shard()
    shards[8] = new
    project.say(entries(shards, s6="draining", s7="draining"), **settings)
    project.say(entries(shards, s6="draining", s7="retired"), **settings)
    until(watch.answering, dict.fromkeys("1234568", "1"))
    scrapes.send_signal(signal.SIGHUP)
    shards[7].become("gone")
    new.become("gone")
    until(watch.alerts, {("ShardDown", "8")})
    new.become("ok")
    until(watch.alerts, set())


def strings_are_read_back(watch: Prometheus) -> None:
    """Any text that is quoted for PromQL is the same text to Prometheus."""
    for text in TEXTS:
        plain = quoting.promql(text.replace("$", "$$"))
        (found,) = watch.query(f'label_replace(vector(1), "text", {plain}, "", "")')
        assert found["metric"].get("text", "") == text
