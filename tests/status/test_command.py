"""`shardgen status` against real servers on loopback, each of which fails in its own way."""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shardgen import asking, daemons, docker, live, terminal
from shardgen.commands import status
from shardgen.disk import Disk
from shardgen.errors import UsageError
from shardgen.resources import resource_text
from shardgen.status import answers
from tests import needs
from tests.projects import environment
from tests.status.stand_ins import running
from tests.support import Project, fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = json.loads(resource_text("schema/status.schema.json"))
#: What each stand-in must be called.
NAMES = {
    "ok": "ok",
    "plain": "ok",
    "sessions": "ok",
    "slow": "slow",
    "wrong": "wrong shard",
    "503": "bad status",
    "404": "bad status",
    "redirect": "redirect",
    "garbage": "not HTTP",
    "binary": "not HTTP",
    "ssh": "not HTTP",
    "silent": "cut off",
    "cut": "cut off",
    "reset": "cut off",
    "big": "too long",
    "floods": "too long",
    "accepts": "no answer",
    "half a head": "no answer",
    "headers": "no end",
    "drips": "no end",
    "refuses": "refused",
    "full": "no connection",
    "tls": "no connection",
    "plain tls": "TLS error",
    "nowhere": "no such name",
    "no url": "bad URL",
}
WAYS = "install it, or leave --docker out to ask the shards alone"


def stand_in(name: str) -> str:
    """Return the stand-in that serves under a name of the list."""
    return {"plain tls": "banner", "no url": "ok"}.get(name, name)


def variables(names: list[str], urls: list[str]) -> dict[str, str]:
    """Return the variables that lead each shard to its stand-in."""
    found = {}
    for number, (name, url) in enumerate(zip(names, urls, strict=True), 1):
        address = url.partition("//")[2]
        told = {"plain tls": f"https://{address}", "no url": address}
        found[f"BAILEYS_SHARD_{number}_URL"] = told.get(name, url)
    return found


def ask(project: Project, names: list[str], timeout: float = 2) -> tuple[int, dict[str, Any]]:
    """Return the exit code and what the command says of shards that behave in some ways."""
    project.write("shards.yaml", fleet(*range(1, len(names) + 1)))
    with running(*map(stand_in, names)) as urls:
        ran = project.run(
            "status", "--format", "json", "--timeout", str(timeout), **variables(names, urls)
        )
    assert ran.err == ""
    data = json.loads(ran.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return ran.code, data


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that is not rendered: to ask its shards nothing has to be."""
    return Project(tmp_path / "project")


def test_each_way_to_fail_has_its_name(project: Project) -> None:
    code, data = ask(project, [*NAMES], timeout=1.5)
    kinds = [each["health"]["kind"] for each in data["shards"]]
    assert dict(zip(NAMES, kinds, strict=True)) == NAMES
    assert code == 1
    by_name = dict(zip(NAMES, (each["health"] for each in data["shards"]), strict=True))
    assert by_name["sessions"]["sessions"] == {"total": 40, "connected": 37}
    assert by_name["wrong"]["answered_as"] == 999_999
    assert by_name["503"]["status"] == 503
    assert by_name["slow"]["latency_ms"] > 1150
    assert by_name["accepts"]["latency_ms"] is None
    assert "(TLS)" in by_name["tls"]["detail"]
    assert "http://127.0.0.1:1/login" in by_name["redirect"]["detail"]


def test_all_is_well(project: Project) -> None:
    names = ["ok", "plain", "sessions"]
    code, data = ask(project, names)
    assert (code, data["well"], data["findings"]) == (0, True, [])


def test_no_second_process_is_started_beside_a_cluster(project: Project) -> None:
    text = project.read("shards.yaml")
    swarm = "outputs: {swarm: {enabled: true, stack: shop, image: b}}\n"
    nobody = {f"BAILEYS_SHARD_{number}_URL": "http://127.0.0.1:1" for number in (1, 2)}
    assert " up -d baileys baileys-2\n" in project.run("status", **nobody).out
    project.write("shards.yaml", text + swarm)
    ran = project.run("status", **nobody)
    assert ran.code == 1
    assert "refused" in ran.out
    assert "docker compose" not in ran.out


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_url_that_is_none_shows_no_password_and_nothing_raw(project: Project, form: str) -> None:
    urls = {"BAILEYS_SHARD_1_URL": "u:sEcret@h:1", "BAILEYS_SHARD_2_URL": "x://\x1b]0;own\x07"}
    ran = project.run("status", "--format", form, **urls)
    assert ran.code == 1
    assert "sEcret" not in ran.out
    assert "h:1" in ran.out
    assert not {"\x1b", "\x07"} & {*ran.out}


def test_text_says_the_same(project: Project) -> None:
    with running("ok", "503") as urls:
        ran = project.run("status", **variables(["ok", "503"], urls))
    assert (ran.code, ran.err) == (1, "")
    assert "\n2      active  status 503" in ran.out
    assert "1 of 2 shards is not well" in ran.out
    assert "--profile multi-shard logs --tail 50 baileys-2\n" in ran.out
    assert "\x1b" not in ran.out


def test_proxies_of_the_environment_are_not_used(project: Project) -> None:
    proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
    with running("ok", "ok") as urls:
        assert project.run("status", **variables(["ok"] * 2, urls), **proxy).code == 0


@pytest.mark.slow
def test_tls_is_checked(project: Project, tmp_path: Path) -> None:
    """Who signed a certificate has to be known; SSL_CERT_FILE names authorities of one's own."""
    file = tmp_path / "own.pem"
    names = ("-subj", "/CN=shards", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        [needs.require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", file, "-out", tmp_path / "cert", *names],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + (tmp_path / "cert").read_text())
    with running(f"ok with {file}", "ok") as urls:
        ran = project.run("status", **variables(["ok", "ok"], urls))
        assert ran.code == 1
        assert re.search("! shard 1: TLS failed .self.signed certificate", ran.out)
        trusted = {"SSL_CERT_FILE": str(file)}
        assert project.run("status", **variables(["ok", "ok"], urls), **trusted).code == 0


@pytest.mark.slow
def test_shards_wait_for_a_place_and_keep_their_time() -> None:
    """With one place only, each has its whole time, and none that of another."""
    import asyncio

    names = ["accepts", "ok", "accepts", "ok"]
    with running(*names) as urls:
        began = time.monotonic()
        found = asyncio.run(asking.asked(urls, 0.4, 1))
        seconds = time.monotonic() - began
    assert [each.end for each in found] == ["no answer", answers.ANSWERED] * 2
    assert 0.8 <= seconds < 2.2


@pytest.mark.slow
def test_a_lookup_that_hangs_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No resolver that sleeps keeps the others waiting, nor the end."""
    import socket

    def hanging(*_: Any, **__: Any) -> Any:
        time.sleep(3)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    with running("ok") as urls:
        began = time.monotonic()
        names = [f"http://shard-{number}.example" for number in range(60)]
        found = asking.ask([*names, *urls], 0.5)
        assert time.monotonic() - began < 2.5
    assert [each.end for each in found] == ["no connection"] * 60 + [answers.ANSWERED]


def test_daemons_give_results_and_errors() -> None:
    pool = daemons.Daemons()
    calls: list[Callable[[], Any]] = [lambda: 7, lambda: 1 / 0]
    fine, wrong = (pool.submit(call) for call in calls)
    assert fine.result(5) == 7
    with pytest.raises(ZeroDivisionError):
        wrong.result(5)
    many = [pool.submit(pow, number, 2) for number in range(1000)]
    assert [each.result(5) for each in many] == [number**2 for number in range(1000)]


def test_a_shutdown_ends_the_threads_and_waits_for_none() -> None:
    before, go_on = threading.active_count(), threading.Event()
    pool = daemons.Daemons()
    waiting = [pool.submit(go_on.wait, 20) for _ in range(3)]
    pool.shutdown()
    pool.shutdown()
    assert threading.active_count() == before + 3
    with pytest.raises(RuntimeError, match="after a shutdown"):
        pool.submit(pow, 2, 2)
    go_on.set()
    assert [each.result(5) for each in waiting] == [True] * 3
    assert settled(before)


def settled(count: int) -> bool:
    """Return whether no more than so many threads are left within five seconds."""
    end = time.monotonic() + 5
    while threading.active_count() > count and time.monotonic() < end:
        time.sleep(0.01)
    return threading.active_count() <= count


@pytest.mark.parametrize("fails", [False, True])
def test_a_watch_does_not_gather_threads(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """Names are looked up in threads, and docker and the database are asked in others."""

    def read(*_: Any) -> None:
        if fails:
            raise UsageError("nobody there")

    monkeypatch.setattr(docker, "read_engine", read)
    monkeypatch.setattr(live, "read_live", read)
    for number in (1, 2):
        monkeypatch.setenv(f"BAILEYS_SHARD_{number}_URL", "http://localhost:1")
    disk = Disk(str(project.root))
    look = status.Look(disk=disk, config="shards.yaml", timeout=1, database="x", docker=True)
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(UsageError) if fails else contextlib.nullcontext():
            look.taken()
    assert settled(before)


@pytest.mark.parametrize(("limits", "most", "wanted"), [
    ((1024, 4096), 2000, (2064, 4096)),
    ((1024, 1500), 1436, (1500, 1500)),
    ((1024, resource.RLIM_INFINITY), 2000, (2064, resource.RLIM_INFINITY)),
    ((2064, 4096), 2000, None),
    ((2**62, 2**62), 2000, None),
    ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 2000, None),
])  # fmt: skip
def test_a_limit_of_files_is_raised_only_where_it_is_too_low(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], most: int, wanted: Any
) -> None:
    """Limits of 2**30 are usual in containers; 2**62 fails at once where it is counted up to."""
    states = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, stated: states.append(stated))
    assert asking.most_at_once() == most
    assert states == ([wanted] if wanted else [])


@pytest.mark.parametrize("missing", ["httpx", "psycopg"])
def test_without_the_extra_it_says_what_to_install(
    project: Project, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == missing:
            raise ImportError(name)
        return imported(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    ran = project.run("status", "--database", "", BAILEYS_SHARD_1_URL="http://127.0.0.1:1",
                      BAILEYS_SHARD_2_URL="http://127.0.0.1:1")  # fmt: skip
    assert (ran.code, ran.out) == (2, "")
    assert "`pip install 'shardgen[live]'`" in ran.err
    assert missing in ran.err


@pytest.mark.parametrize(("options", "message"), [
    (["--timeout", "0"], "0.0 is not in the range"),
    (["--watch", "soon"], "'soon' is not a valid float"),
    (["--format", "xml"], "Invalid value for '--format'"),
    (["-c", "no.yaml"], "there is no 'no.yaml' here"),
])  # fmt: skip
def test_wrong_usage(project: Project, options: list[str], message: str) -> None:
    ran = project.run("status", *options)
    assert ran.code == 2
    assert message in ran.err


def test_wrong_variables_are_refused_as_the_router_does(project: Project) -> None:
    ran = project.run("status", BAILEYS_NUM_SHARDS="many")
    assert (ran.code, ran.out) == (2, "")
    assert "BAILEYS_NUM_SHARDS must be 1 to" in ran.err


def test_docker_needs_compose_and_a_docker(project: Project, tmp_path: Path) -> None:
    ran = project.run(
        "status", "--docker", PATH=str(tmp_path), BAILEYS_SHARD_1_URL="http://[::1]:1"
    )
    assert (ran.code, ran.err) == (2, f"error: --docker: docker is not on PATH; {WAYS}\n")
    project.write("shards.yaml", fleet(1, 2, head="outputs: {compose: {enabled: false}}\n"))
    ran = project.run("status", "--docker")
    assert ran.code == 2
    assert "compose is off; leave --docker out, or state outputs.compose.enabled: true" in ran.err


def test_a_docker_that_hangs_is_not_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("bin/docker", "#!/bin/sh\nexec sleep 20\n")
    project.path("bin/docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project.path('bin')}:{os.environ['PATH']}")
    monkeypatch.setattr(docker, "PATIENCE", 0.1)
    with pytest.raises(UsageError) as caught:
        docker.docker(str(project.root), "ps")
    assert str(caught.value) == (
        "--docker: docker did not answer within 0.1 s; `docker info` says whether its engine runs, "
        "or leave --docker out to ask the shards alone"
    )


def test_what_docker_complains_of_is_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("bin/docker", "#!/bin/sh\necho 'time=1 level=warning msg=x' >&2\n"
                                "echo 'no such file: docker-compose.prod.yml' >&2; exit 14\n")  # fmt: skip
    project.path("bin/docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project.path('bin')}:{os.environ['PATH']}")
    with pytest.raises(UsageError) as caught:
        docker.docker(str(tmp_path), "compose", "config")
    assert str(caught.value) == (
        "--docker: docker compose config: no such file: docker-compose.prod.yml"
    )


# again and again


@contextlib.contextmanager
def watching(project: Project, *options: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Give a watch that runs in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "shardgen", "status", "--watch", "0.1", *options]
    process = subprocess.Popen(
        command, cwd=project.root, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible,  # noqa: PLW1509
        **{"stdout": subprocess.PIPE, **more},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


def interruptible() -> None:
    """Let Ctrl-C reach a process also where whoever runs the tests ignores it, as `… &` does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_on_a_pipe_a_watch_prints_a_block_each_time(project: Project) -> None:
    with running("ok", "ok") as urls:
        env = environment(**variables(["ok"] * 2, urls))
        with watching(project, env=env) as process:
            assert process.stdout
            blocks = [[process.stdout.readline() for _ in range(7)] for _ in range(2)]
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
            assert process.stderr
            assert process.stderr.read() == ""
    for block in blocks:
        assert block[0].endswith("Z\n")
        assert block[1].startswith("shard  state")
        assert block[5:] == ["all 2 shards are well\n", "\n"]


@pytest.mark.slow
def test_a_watch_in_json_is_a_line_each_time_and_survives_what_comes_and_goes(
    project: Project,
) -> None:
    text = project.read("shards.yaml")
    with running("ok", "ok") as urls:
        env = environment(**variables(["ok"] * 2, urls))
        with watching(project, "--format", "json", env=env) as process:
            assert process.stdout
            assert process.stderr
            jsonschema.validate(json.loads(process.stdout.readline()), SCHEMA)
            project.write("shards.yaml", "shards: [")
            assert "shards.yaml is wrong; `shardgen check` says where" in process.stderr.readline()
            project.write("shards.yaml", text)
            for _ in range(5):
                jsonschema.validate(json.loads(process.stdout.readline()), SCHEMA)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130


def test_a_look_that_fails_later_is_an_error_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the colours of those that end a run."""
    ends: list[Any] = [None, UsageError("nobody there"), KeyboardInterrupt()]

    class Look:
        config = "shards.yaml"

        def taken(self) -> None:
            if end := ends.pop(0):
                raise end

    def painter(*, error: bool = False) -> Callable[[str, str], str]:
        assert error
        return lambda text, style: f"<{style}>{text}"

    monkeypatch.setattr(terminal, "painter", painter)
    said: list[str] = []
    look: Any = Look()
    with pytest.raises(KeyboardInterrupt):
        status.again_and_again(look, 0, lambda _: None, said.append)
    assert said == ["<error>error: nobody there\n"]


def test_what_cannot_be_asked_at_first_ends_a_watch(project: Project) -> None:
    ran = project.run("status", "--watch", BAILEYS_NUM_SHARDS="many")
    assert ran.code == 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_on_a_terminal_a_watch_stays_in_place_and_leaves_it_as_it_was(
    project: Project, number: int
) -> None:
    with running("ok", "503") as urls:
        env = environment(**variables(["ok", "503"], urls), TERM="xterm", LINES="20")
        env.pop("NO_COLOR")
        outer, inner = pty.openpty()
        with watching(project, env=env, stdout=inner) as process:
            os.close(inner)
            text = read_until(outer, "\x1b[H", 3)
            process.send_signal(number)
            text += read_until(outer, "\x1b[?1049l", 1)
            text += read_rest(outer)
            assert process.wait(10) == 130
        os.close(outer)
    assert text.startswith("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H")
    assert "every 0.1 s, Ctrl-C ends it" in text
    assert "\x1b[1;31mstatus 503\x1b[0m" in text
    after = text.rpartition("\x1b[?7h\x1b[?25h\x1b[?1049l")[2]
    assert "1 of 2 shards is not well" in after, "the last look stays"


def read_until(handle: int, mark: str, count: int) -> str:
    """Return what a terminal shows until a mark has come so often."""
    text, end = "", time.monotonic() + 30
    while text.count(mark) < count:
        assert time.monotonic() < end, text
        assert select.select([handle], [], [], 20)[0], text
        text += os.read(handle, 65536).decode("utf-8", "replace")
    return text


def read_rest(handle: int) -> str:
    """Return what a terminal shows until nobody writes any more."""
    text = ""
    with contextlib.suppress(OSError):
        while select.select([handle], [], [], 5)[0] and (part := os.read(handle, 65536)):
            text += part.decode("utf-8", "replace")
    return text


# how fast


@pytest.mark.slow
def test_200_shards_of_every_kind_take_little_more_than_one(project: Project) -> None:
    """The whole process; its budget is three seconds, and here half as much again for others."""
    names = [name for _, name in zip(range(200), [*NAMES] * 200, strict=False)]
    project.write("shards.yaml", fleet(*range(1, 201)))
    with running(*map(stand_in, names)) as urls:
        env = environment(**variables(names, urls))
        command = [sys.executable, "-m", "shardgen", "status", "--format", "json"]
        began = time.monotonic()
        done = subprocess.run(command, cwd=project.root, env=env, capture_output=True, check=False)
        seconds = time.monotonic() - began
    kinds = [each["health"]["kind"] for each in json.loads(done.stdout)["shards"]]
    assert kinds == [NAMES[name] for name in names]
    assert (done.returncode, done.stderr) == (1, b"")
    print(f"200 shards in {seconds:.2f} s")
    assert seconds < 4.5
