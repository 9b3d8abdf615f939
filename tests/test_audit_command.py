"""`shardgen audit`: which files it reads, what it prints, how it ends, and the baseline."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.audit.baseline import Known, baseline_text, read_baseline, subtracted
from shardgen.audit.languages import ANALYZERS, language_of, may_be_audited
from shardgen.audit.selection import Selection
from shardgen.codes.auditing import CODES
from shardgen.diagnostics import Diagnostic
from shardgen.resources import resource_text
from tests import pages
from tests.support import Project, commit, shell, snapshot

SCHEMA = jsonschema.Draft202012Validator(json.loads(resource_text("schema/audit.schema.json")))
URL = "u = 'http://baileys-2:3300'\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A rendered project with one file that goes around the router."""
    made = Project(tmp_path / "p")
    made.render()
    made.write("server/send.py", URL)
    return made


def files(ran_out: str) -> list[str]:
    """Return the files of the findings that a text names."""
    return [line.partition(":")[0] for line in ran_out.splitlines() if ": error[SG8" in line]


def test_a_finding_is_shown_with_its_line_its_reason_and_its_way_out(project: Project) -> None:
    ran = project.run("audit")
    assert ran.code == 1
    assert ran.out == (
        "server/send.py:1:6: error[SG803]: 'http://baileys-2:3300' is shard 2 alone: tenants of the "
        "other shards get no answer from here\n"
        "  1 | u = 'http://baileys-2:3300'\n"
        "    |      ^^^^^^^^^^^^^^^^^^^^^ use get_baileys_base_url_for_business(business); "
        "get_all_shard_urls() has every shard's\n"
        "\n"
        "1 finding in 1 of 2 files; `shardgen explain SG803` says more\n"
    )
    assert ran.err == ""


def test_what_is_rendered_is_clean_and_nothing_is_written(project: Project) -> None:
    project.path("server/send.py").unlink()
    before = snapshot(project.root)
    ran = project.ok("audit")
    assert ran.out == "1 file audited: nothing goes around shards.yaml\n"
    assert snapshot(project.root) == before


def test_paths_are_shown_as_they_were_typed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.py").write_text(URL)
    assert files(project.run("audit", "server").out) == ["server/send.py"]
    assert files(project.run("audit", "./server/send.py", "server").out) == ["server/send.py"]
    assert files(project.run("audit", "../elsewhere").out) == ["../elsewhere/a.py"]
    assert files(project.run("audit", str(tmp_path / "elsewhere")).out) == [
        str(tmp_path / "elsewhere" / "a.py")
    ]
    from tests.support import run

    ran = run(tmp_path, "audit", "-c", "p/shards.yaml")
    assert files(ran.out) == ["p/server/send.py"]


def test_what_is_left_out(project: Project) -> None:
    for name in (
        "node_modules/a/b.py", ".venv/lib/a.py", "__pycache__/a.py", "a.txt", "a.py.j2", "a.pyc",
        "other/shards.yaml", "other/a.py", "other/deep/a.py",
    ):  # fmt: skip
        project.write(name, URL)
    project.write("large.py", URL + "#" * 2_000_001)
    project.write("binary.py", URL + "\0")
    project.path("link.py").symlink_to("server/send.py")
    project.path("loop").symlink_to(".")
    assert files(project.run("audit").out) == ["server/send.py"]
    project.write("server/again.py", URL)
    for pattern in ("again.py", "server/again.py", "./server/ag*"):
        assert files(project.run("audit", "--exclude", pattern).out) == ["server/send.py"]
    assert project.ok("audit", "--exclude", "server").out.startswith("1 file audited")


def test_a_file_that_is_typed_is_read_whatever_git_says(project: Project) -> None:
    project.write(".gitignore", "ignored/\n.env\n")
    project.write("ignored/a.py", URL)
    project.write("new.py", URL)
    project.write(".env", "BAILEYS_NUM_SHARDS=7\n")
    project.write("ignored/.env", "BAILEYS_NUM_SHARDS=7\n")
    commit(project.root)
    project.write("untracked.py", URL)
    expected = [".env", "new.py", "server/send.py", "untracked.py"]
    assert files(project.run("audit").out) == expected
    assert files(project.run("audit", "ignored/a.py").out) == ["ignored/a.py"]
    assert files(project.run("audit", "ignored").out) == ["ignored/.env", "ignored/a.py"]
    assert files(project.run("audit", "server").out) == ["server/send.py"]
    project.path("new.py").unlink()
    assert files(project.run("audit").out) == [each for each in expected if each != "new.py"]


def test_the_env_files_that_compose_reads(project: Project) -> None:
    project.change("docker-compose.yml", "env_file: [.env]", "env_file: [.env, deploy/prod.env]")
    project.write(".gitignore", "*.env\n")
    project.write("deploy/prod.env", "BAILEYS_PORT=1\n")
    project.write("deploy/other.env", "BAILEYS_PORT=1\n")
    commit(project.root)
    assert files(project.run("audit", "deploy").out) == ["deploy/prod.env"]
    assert files(project.run("audit", "--exclude", "deploy").out) == ["server/send.py"]


def test_a_file_that_cannot_be_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("shardgen.commands.audit.content_of", refuse)
    ran = project.run("audit", "server/send.py")
    assert ran.code == 1
    assert ran.out.startswith(
        "server/send.py: error[SG809]: the file cannot be read, so that nothing in it was audited: "
        "Permission denied\n"
    )


def test_other_encodings_and_line_ends(project: Project) -> None:
    project.write("server/send.py", "# caf\xe9\n".encode("latin-1") + URL.encode())
    assert "send.py:2:6" in project.run("audit").out
    project.write("server/send.py", "\ufeffx = 1\r\n" + URL.replace("\n", "\r\n"))
    assert "send.py:2:6" in project.run("audit").out


def test_selection(project: Project) -> None:
    project.write("server/send.py", URL + "c(('baileys', 3300))\n")
    for arguments, codes in [
        (("--select", "SG803"), {"SG803"}),
        (("--select", "SG80"), {"SG803", "SG804"}),
        (("--select", "sg804,SG805"), {"SG804"}),
        (("--select", "SG804", "--select", "SG803"), {"SG803", "SG804"}),
        (("--ignore", "SG803"), {"SG804"}),
        (("--ignore", "SG80", "--select", "SG803"), {"SG803"}),
        (("--ignore", "SG8"), set()),
        (("--ignore", "SG803, SG804"), set()),
    ]:
        ran = project.run("audit", *arguments)
        assert {code for code in CODES if f"error[{code}]" in ran.out} == codes, arguments
        assert ran.code == (1 if codes else 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--select", "SG83"),
            "--select: no code of audit begins with 'SG83'; did you mean SG803?",
        ),
        (("--ignore", "E501"), "--ignore: no code of audit begins with 'E501'; `shardgen explain`"),
        (("nowhere",), "there is no 'nowhere' here"),
        (("--baseline", "none.json"), "there is no 'none.json'; `shardgen audit --write-baseline"),
        (("--baseline", "shards.yaml"), "shards.yaml is no baseline"),
        (("--format", "xml"), "xml"),
    ],
)
def test_wrong_usage(project: Project, arguments: tuple[str, ...], message: str) -> None:
    ran = project.run("audit", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_a_baseline_takes_no_other_files_place(project: Project) -> None:
    project.path("server").mkdir(exist_ok=True)
    os.mkfifo(project.path("pipe"))
    before = project.read("shards.yaml")
    for name, message in (
        ("shards.yaml", "the file that is there is no baseline; name another, or remove it first"),
        ("server", "it is no file; name one"),
        ("pipe", "it is no file; name one"),
    ):
        ran = project.run("audit", "--write-baseline", name)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"error: --write-baseline {name}: {message}\n"
    assert project.path("pipe").is_fifo()
    project.path("pipe").unlink()
    assert project.read("shards.yaml") == before
    project.path("link.json").symlink_to("known.json")
    project.ok("audit", "--write-baseline", "known.json")
    project.ok("audit", "--write-baseline", "link.json")
    assert project.path("link.json").is_symlink()
    ran = project.run("audit", "--baseline", "no such")
    assert "`shardgen audit --write-baseline 'no such'` makes it" in ran.err


def test_a_wrong_shards_yaml(project: Project) -> None:
    project.write("shards.yaml", "version: 1\nshards: []\n")
    ran = project.run("audit")
    assert (ran.code, ran.out) == (2, "")
    assert "shards.yaml:2" in ran.err


@pytest.mark.parametrize("wrong", ["version: 1\nshards: []\n", "version: 2\nshards: [{id: 1}]\n"])
def test_programs_hear_of_wrong_input_as_well(project: Project, wrong: str) -> None:
    project.write("shards.yaml", wrong)
    ran = project.run("audit", "--format", "json")
    data = json.loads(ran.out)
    SCHEMA.validate(data)
    assert (ran.code, data["clean"], data["files"]) == (2, False, 0)
    assert data["findings"][0]["file"] == "shards.yaml"
    log = json.loads(project.run("audit", "--format", "sarif").out)
    assert log["runs"][0]["invocations"] == [{"executionSuccessful": False}]
    assert "::error file=shards.yaml" in project.run("audit", "--format", "github").out


def test_a_lookup_in_a_file_that_was_not_typed_counts(project: Project) -> None:
    name = "server.whatsapp_shard_router"
    project.write("server/send.py", f"from {name} import shard_for\nshard_for(5)\n")
    assert files(project.run("audit", "server/send.py").out) == ["server/send.py"]
    project.write("app.py", f"from {name} import use_shard_lookup\nuse_shard_lookup(find)\n")
    project.ok("audit", "server/send.py")
    project.ok("audit")


def audit_json(project: Project, *arguments: str) -> dict[str, object]:
    """Return an audit's JSON, which must be as the published schema has it."""
    ran = project.run("audit", "--format", "json", *arguments)
    data: dict[str, object] = json.loads(ran.out)
    SCHEMA.validate(data)
    assert data["clean"] is (ran.code == 0)
    return data


def test_json_is_as_its_schema_says(project: Project) -> None:
    SCHEMA.check_schema(SCHEMA.schema)
    data = audit_json(project)
    assert data["files"] == 2
    assert [
        (each["code"], each["file"], each["line"], each["column"], each["end_column"])
        for each in data["findings"]  # type: ignore[attr-defined]
    ] == [("SG803", "server/send.py", 1, 6, 27)]
    project.write("server/send.py", "x = 1\n")
    assert audit_json(project)["findings"] == []


def test_formats_for_programs(project: Project) -> None:
    ran = project.run("audit", "--format", "github")
    assert ran.code == 1
    assert "::error file=server/send.py,line=1,col=6,endColumn=27,title=SG803" in ran.out
    ran = project.run("audit", "--format", "sarif")
    result = json.loads(ran.out)["runs"][0]["results"][0]
    assert (ran.code, result["ruleId"]) == (1, "SG803")
    assert result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 6


def test_a_baseline_survives_edits_above_and_names_what_is_gone(project: Project) -> None:
    project.write("server/send.py", URL + URL + "c('baileys-1:3300')\n")
    ran = project.ok("audit", "--write-baseline", "known.json")
    assert ran.err == "known.json: 3 findings known from now on\n"
    ran = project.ok("audit", "--baseline", "known.json")
    assert ran.out == "2 files audited: nothing new goes around shards.yaml (3 in the baseline)\n"
    assert ran.err == ""
    project.write(
        "server/send.py", "import os\n\n\nif os:\n    " + URL + "    " + URL + "    " + URL
    )
    ran = project.run("audit", "--baseline", "known.json")
    assert ran.code == 1
    assert "server/send.py:7:10" in ran.out
    assert "1 finding in 1 of 2 files (2 in the baseline)" in ran.out
    assert ran.err == (
        "known.json: no longer found, and so no longer needed:\n"
        "  server/send.py: SG803: c('baileys-1:3300')\n"
        "`shardgen audit --write-baseline known.json` leaves them out\n"
    )
    data = audit_json(project, "--baseline", "known.json")
    assert (data["known"], len(data["stale"])) == (2, 1)  # type: ignore[arg-type]


def test_a_baseline_says_nothing_of_files_that_were_not_audited(project: Project) -> None:
    project.write("other.py", URL)
    project.ok("audit", "--write-baseline", "known.json")
    project.ok("audit", "server", "--baseline", "known.json")
    assert project.ok("audit", "server", "--baseline", "known.json").err == ""
    project.path("other.py").unlink()
    assert "  other.py: SG803" in project.ok("audit", "server", "--baseline", "known.json").err
    assert project.ok("audit", "--select", "SG801", "--baseline", "known.json").err == ""


def test_a_baseline_holds_wherever_the_command_is_typed(project: Project) -> None:
    project.ok("audit", "--write-baseline", "known.json")
    from tests.support import run

    ran = run(project.path("server"), "audit", ".", "-c", "../shards.yaml",
              "--baseline", "../known.json")  # fmt: skip
    assert ran.code == 0, ran.out


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff", b'{"format_version": 1}', b'{"format_version": 2, "findings": []}',
        b'{"format_version": 1, "findings": [{"file": 1, "code": "SG803", "line": "", "count": 1}]}',
        b'{"format_version": 1, "findings": [{"file": "", "code": "SG803", "line": "", "count": 0}]}',
        b'{"format_version": 1, "findings": [{"file": [], "code": "SG803", "line": "", "count": 1}]}',
    ],
)  # fmt: skip
def test_what_is_no_baseline(project: Project, content: bytes) -> None:
    project.write("known.json", content)
    ran = project.run("audit", "--baseline", "known.json")
    assert ran.code == 2
    assert "--write-baseline known.json` makes a new one" in ran.err


KNOWN = st.builds(Known, st.text(max_size=5), st.sampled_from(sorted(CODES)), st.text(max_size=5))


@given(st.lists(KNOWN), st.randoms())
def test_a_baseline_comes_back_and_subtracts_exactly_itself(
    known: list[Known], random: object
) -> None:
    text = baseline_text(known)
    assert read_baseline(text.encode("utf-8", "surrogatepass"), "x") == Counter(known)
    random.shuffle(known)  # type: ignore[attr-defined]
    assert baseline_text(known) == text
    found = [
        (each, Diagnostic(file="", line=0, column=0, width=0, code="", message="", hint=""))
        for each in known
    ]
    assert subtracted(found, Counter(known)) == ([], Counter())
    new, stale = subtracted([*found, *found[:1]], Counter(known))
    assert (len(new), stale) == (len(found[:1]), Counter())


def test_the_longer_start_decides() -> None:
    assert Selection(select=("SG803",), ignore=("SG8",)).wants("SG803")
    assert not Selection(select=("SG8",), ignore=("SG803",)).wants("SG803")
    assert not Selection(select=("SG803",), ignore=("SG803",)).wants("SG803")
    assert not Selection(select=("SG803",)).wants("SG804")
    assert Selection().wants("SG816")


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.py", "", "python"), ("run", "#!/usr/bin/env python3\n", "python"),
        ("run", "#!/usr/bin/env -S python3 -u\n", "python"), ("a.pyi", "", None),
        ("a.sh", "", "shell"), ("run", "#!/bin/sh\n", "shell"), ("run", "#! /bin/bash -eu\n", "shell"),
        ("run", "#!/usr/bin/perl\n", None), ("run", "text", None), (".envrc", "", "shell"),
        ("README.md", "", "markdown"), (".env", "", "env"), (".env.prod", "", "env"),
        ("prod.env", "", "env"), (".env.example", "", "env"), (".env.j2", "", None),
        ("Dockerfile", "", "dockerfile"), ("Dockerfile.baileys", "", "dockerfile"),
        ("api.Dockerfile", "", "dockerfile"), ("Containerfile", "", "dockerfile"),
        ("Dockerfile.md", "", "markdown"), ("docker-compose.yml", "", "compose"),
        ("compose.prod.yaml", "", "compose"), ("docker-compose-dev.yml", "", "compose"),
        ("stack.yml", "services:\n  a:\n    image: b\n", "compose"),
        ("ci.yml", "services:\n  - postgres\n", None), ("values.yml", "services:\n  a: 1\n", None),
        ("a.yml", "a: 1", None), ("nginx.conf", "", "nginx"),
        ("site.conf", "server {\n  listen 80;\n}\n", "nginx"), ("a.conf", "[a]\nb=c\n", None),
        ("a.py.j2", "", None), ("a.txt", "", None), ("Makefile", "", "makefile"), ("a.sh.orig", "", None),
        ("GNUmakefile", "", "makefile"), ("rules.mk", "", "makefile"), ("Makefile.in", "", None),
        ("a.yml", "jobs:\n  a:\n    steps:\n", "workflow"), ("a.yml", "runs:\n  using: x\n  steps:\n", "workflow"),
        ("a.yml", "jobs: 1\n", None),
    ],
)  # fmt: skip
def test_languages(name: str, text: str, language: str | None) -> None:
    assert language_of(name, text) == language
    assert may_be_audited(name) or language is None
    assert language is None or language in ANALYZERS


def test_the_repository_is_its_own_first_user() -> None:
    root = Path(__file__).parent.parent
    command = re.search(r"\$\(BIN\)/(shardgen audit .*)", (root / "Makefile").read_text())
    assert command
    done = shell(root, command[1])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_has_every_code() -> None:
    """Its table comes from the table of codes."""
    rows = [f"| `{code}` | {found.title} |" for code, found in sorted(CODES.items())]
    table = "\n".join(["", "| code | finds |", "|---|---|", *rows, "", ""])
    pages.agrees(
        Path(__file__).parent.parent / "docs" / "audit.md",
        lambda text: re.sub(
            r"(<!-- codes -->\n).*?(<!-- end -->)",
            lambda match: match[1] + table + match[2],
            text,
            flags=re.DOTALL,
        ),
    )
