"""The nginx output without nginx: its words, its reader, what its files must say, who is known."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen import quoting
from shardgen.details import details
from shardgen.disk import Disk
from shardgen.nginx.directives import Directive, read_directives
from shardgen.nginx.settings import Nginx
from shardgen.outputs import find
from shardgen.recording import Recording
from shardgen.schema import load_schema
from shardgen.validate import validate
from tests.projects import ROOT
from tests.support import Project
from tests.test_quoting import MANY, TEXT

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "version: 1\nservice: {base: null, image: x}\ndatabase: {adopt: {shards: 2}}\n"
BY_TENANT = "outputs: {nginx: {enabled: true, tenant: $arg_business_id}}\n"
TWO = "shards:\n  - id: 1\n  - id: 2\n"


def tenants(project: Project) -> dict[str, str]:
    """Return tenant → shard as the rendered file has it."""
    every = read_directives(project.read("nginx/baileys/shards.conf"))
    found = next(each for each in every if each.words[2:] == ("$baileys_tenant_shard",))
    return {each.words[0]: each.words[1] for each in found.block if each.words[0] != "default"}


@MANY
@given(texts=st.lists(TEXT, min_size=1, max_size=5))
def test_its_words_are_read_back(texts: list[str]) -> None:
    """G6: each word is one word, in a directive and in a block."""
    texts = [each for each in texts if "$" not in each] or ["a"]
    words = [quoting.nginx(each) for each in texts]
    read = read_directives(
        f"a {' '.join(words)};\nmap $x $y {{\n" + "".join(f"{w} 1;\n" for w in words) + "}"
    )
    assert read == (
        Directive(words=("a", *texts)),
        Directive(
            words=("map", "$x", "$y"), block=tuple(Directive(words=(each, "1")) for each in texts)
        ),
    )


@pytest.mark.parametrize("text", ["$", "a$b", "${x}", "a\x00b", "x" * 5000, "ä" * 2100, '"' * 2100])
def test_what_nginx_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be a word"):
        quoting.nginx(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", "line 1: the file ends within"),
        ("a {\n b;\n", "line 3: the file ends within"),
        ("a;\n}\n", "line 2: '}' closes nothing"),
        ("a;;", "';' is not expected"),
        ("{ a; }", "'{' is not expected"),
        ("a { b }", "'}' is not expected"),
        ('a "b;\n', "a quote does not close"),
        ('a "b"c;', "a quote does not close where a word ends"),
    ],
)
def test_what_nginx_would_not_read(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_directives(text)


def test_its_reader_knows_comments_quotes_and_variables() -> None:
    read = read_directives("a b#c 'd \\' e' \"\\t\" ${x}y; # z {\n# }\n")
    assert read == (Directive(words=("a", "b#c", "d ' e", "\t", "${x}y")),)


MAP = "map $http_x_whatsapp_shard $baileys_url {{ default {}; {} }}\n"


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("shards", MAP.format('""', "1 http://baileys-1:3300;"), "shard 2 to None"),
        (
            "shards",
            MAP.format('""', "1 http://baileys-1:3300; 2 http://baileys-1:3300;"),
            "shard 2 to",
        ),
        (
            "shards",
            MAP.format(
                "http://baileys-1:3300", "1 http://baileys-1:3300; 2 http://baileys-2:3300;"
            ),
            "gives a URL to what is no shard",
        ),
        ("shards", "map $a $b { default 1; }\n", r"no map that gives \$baileys_url"),
        ("shards", "map $a {\n", "cannot be read back as nginx: line 2"),
        ("location", "proxy_pass http://baileys-1:3300;\n", r"lacks .*proxy_pass \$baileys_url"),
        ("location", "proxy_pass $baileys_url;\n", "lacks proxy_next_upstream off"),
    ],
)
def test_a_template_cannot_lose_a_shard(file: str, text: str, fault: str, tmp_path: Path) -> None:
    """G3: what does not say where each shard is, or passes elsewhere, is not written."""
    project = Project(tmp_path, HEAD + TWO + "outputs: {nginx: {enabled: true}}\n")
    project.write(f"templates/nginx/{file}.conf.j2", text)
    ran = project.run("render")
    assert ran.code == 2
    assert f"nginx/baileys/{file}.conf: rendered from templates/nginx/{file}.conf.j2" in ran.err
    assert re.search(fault, ran.err), ran.err
    assert not project.path("nginx").exists()


def test_a_tenant_stays_known_when_its_entry_is_deleted(tmp_path: Path) -> None:
    """The migrations remember who was put where, and where a drained shard's tenants went."""
    project = Project(tmp_path, HEAD + BY_TENANT + TWO + "assign: [{shard: 2, tenants: [7, 8]}]\n")
    project.render()
    assert tenants(project) == {"7": "2", "8": "2"}
    project.write("shards.yaml", HEAD + BY_TENANT + TWO + "assign: [{shard: 1, tenants: [8, 9]}]\n")
    project.render()
    assert tenants(project) == {"7": "2", "8": "1", "9": "1"}
    project.write("shards.yaml", HEAD + BY_TENANT + TWO)
    project.render()
    assert tenants(project) == {"7": "2", "8": "1", "9": "1"}
    project.write(
        "shards.yaml",
        HEAD + BY_TENANT + "shards: [{id: 1}, {id: 2, state: draining, move_to: 1}]\n",
    )
    project.render()
    assert tenants(project) == {"7": "1", "8": "1", "9": "1"}
    project.is_clean()


def test_without_migrations_the_entries_are_all_that_is_known(tmp_path: Path) -> None:
    off = "outputs:\n  migrations: {enabled: false}\n  nginx: {enabled: true, tenant: $arg_business_id}\n"
    project = Project(tmp_path, HEAD + off + TWO + "assign: [{shard: 2, tenants: [7]}]\n")
    project.render()
    assert tenants(project) == {"7": "2"}


def test_nothing_of_it_is_imported_where_it_is_off(tmp_path: Path) -> None:
    project = Project(tmp_path)
    script = (
        "import sys; from shardgen.__main__ import main; main(['render']); "
        "print(*(each for each in sys.modules if each.startswith('shardgen')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, check=True
    )
    loaded = ran.stdout.splitlines()[-1].split()
    assert "shardgen.render" in loaded
    assert not {"shardgen.nginx", "shardgen.rules.nginx"} & {*loaded}


def test_the_fields_of_its_templates_are_documented(tmp_path: Path) -> None:
    more = "assign: [{shard: 2, tenants: [7]}]\n"
    shards = "shards: [{id: 1}, {id: 2}, {id: 3, state: retired}]\n"
    project = Project(tmp_path, HEAD + BY_TENANT + shards + more)
    inputs = validate(
        project.read("shards.yaml").encode(), "shards.yaml", Recording(Disk(str(tmp_path)))
    )
    output = find(inputs.outputs, "nginx")
    assert output
    data = details(output, inputs)
    fields = {
        f"nginx.{key}[].{inner}" if isinstance(value, list) else f"nginx.{key}"
        for key, value in data.items()
        for inner in (value[0] if isinstance(value, list) else [key])
    }
    page = (ROOT / "docs" / "templates.md").read_text()
    section = page.partition("\n## The fields of the nginx output\n")[2].partition("\n## ")[0]
    assert fields == set(re.findall(r"^\| `(\S+)` \|", section, re.MULTILINE))


def test_its_settings_are_those_of_the_schema() -> None:
    known = load_schema()["properties"]["outputs"]["properties"]["nginx"]["properties"]
    own = {key: each["default"] for key, each in known.items() if key not in {"enabled", "path"}}
    assert own == asdict(Nginx())
    page = (ROOT / "docs" / "nginx.md").read_text().partition("\n## The settings\n")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [*known][1:]
