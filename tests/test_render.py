"""G1, G3 and G9: the same bytes everywhere, nothing written unless all of it is sound, no silent move."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from shardgen.quoting import finalize
from shardgen.render import BrokenTemplate, Renderer, Templates
from shardgen.resources import resource_text
from tests.support import BASE, OUTPUTS, Project, fleet, shell, snapshot

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY, ENV, ROUTER, DOCS = OUTPUTS


MACHINES = [
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "4711", "LC_ALL": "C", "TZ": "Pacific/Apia"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR", "TZ": "UTC", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
]  # fmt: skip


def test_g1_the_same_bytes_on_any_machine(project: Project, tmp_path: Path) -> None:
    project.write("shards.yaml", fleet(1, 2, 5))
    project.write(
        "templates/docs.md.j2", "<!-- {{ header | text }} -->\nä ✓ {{ service.name | text }}\n"
    )
    results, printed = [], []
    for number, machine in enumerate(MACHINES):
        root = tmp_path / f"machine{number}"
        shutil.copytree(project.root, root)
        config = ["-c", f"machine{number}/shards.yaml"] if number == 1 else []
        umask = "umask 077; " if number == 2 else ""
        folder = tmp_path if config else root
        done = shell(
            folder, f"{umask}{sys.executable} -m shardgen render {' '.join(config)}", **machine
        )
        assert done.returncode == 0, done.stderr
        again = Project.__new__(Project)
        again.root = root
        results.append(again.contents())
        printed.append(done.stdout.partition("\nnext")[0])
    assert results[0] == results[1] == results[2]
    assert printed[0] == printed[1] == printed[2]
    project.render()
    assert project.contents() == results[0]


def test_g1_the_order_of_entries_and_keys_decides_nothing(tmp_path: Path) -> None:
    first = Project(
        tmp_path / "a",
        "version: 1\nshards:\n  - id: 1\n  - {id: 2, labels: {a: b}, volume: other}\n  - id: 3\n",
    )
    second = Project(
        tmp_path / "b",
        "shards:\n  - id: 3\n  - {volume: other, id: 2, labels: {a: b}}\n  - id: 1\nversion: 1\n",
    )
    for project in (first, second):
        project.render()
    for name in (*OUTPUTS, "migrations/shardgen.sum"):
        assert first.read(name) == second.read(name)


def test_g2_one_line_more_only_adds_lines(rendered: Project) -> None:
    before = rendered.contents()
    rendered.write("shards.yaml", rendered.read("shards.yaml") + "  - id: 3\n")
    rendered.render()
    for name, content in before.items():
        old, new = (
            [line.removesuffix(",") for line in text.splitlines()]
            for text in (content.decode(), rendered.read(name))
        )
        lost = [line for line in old if line not in new]
        assert all(is_a_count_or_list(line) for line in lost), (name, lost)
    overlay = rendered.read(OVERLAY)
    assert before[OVERLAY].decode().partition("\n  # consumers")[0] in overlay
    assert set(before[OVERLAY].decode().splitlines()) <= set(overlay.splitlines())


def is_a_count_or_list(line: str) -> bool:
    """Return whether a line must name all shards, or how many there are."""
    return bool(re.search(r"NUM_SHARDS|SHARD_IDS|\[1, 2\]|^head |^  \"|digest|shards.yaml", line))


def test_dry_run_says_what_a_render_does_and_writes_nothing(project: Project) -> None:
    before = snapshot(project.root)
    dry = project.ok("render", "--dry-run")
    assert snapshot(project.root) == before
    assert dry.out.replace(" to write, ", " written, ") == project.render().out
    rendered = snapshot(project.root)
    project.write("shards.yaml", fleet(1, 2, 3))
    dry = project.ok("render", "--dry-run")
    assert "66.5 %" in dry.out
    assert {
        name: each for name, each in snapshot(project.root).items() if name != "shards.yaml"
    } == {name: each for name, each in rendered.items() if name != "shards.yaml"}


BROKEN = {
    "compose.yml.j2": {
        "services: [\n": "cannot be read back as yaml",
        "services: {}\n": "defines no service 'baileys'",
        "- a list\n": "defines no service 'baileys'",
        "services: {baileys: x}\n": "defines no service 'baileys'",
        "services: {baileys: {environment: {BAILEYS_SHARD_ID: '2'}}}\n": "gives 'baileys' the shard id '2'",
        "services: {baileys: {environment: {BAILEYS_SHARD_ID: '1'}}, baileys-2: {environment: [BAILEYS_SHARD_ID=2]}}\n":
            "does not mount 'whatsapp_auth_shard2' at '/app/storage/whatsapp' in 'baileys-2'",
    },
    "env.j2": {
        "A='1\n": "cannot be read back as env: line 1",
        "A=1\n": "says BAILEYS_NUM_SHARDS=None, not '2'",
    },
    "router.py.j2": {
        "def broken(:\n": "cannot be read back as python",
        "match 1:\n    case 1: pass\n": "cannot be read back as python",
    },
    "docs.md.j2": {"no end": "does not end with a line break"},
    "migrations/init.sql.j2": {"SELECT 1;\n": "does not bear the header of its migration"},
    "migrations/add.sql.j2": {
        "{% extends 'migrations/_file.sql.j2' %}\n{% block change %}SELECT 'x;{% endblock %}\n": "is not closed",
        "{% extends 'migrations/_file.sql.j2' %}\n{% block change %}SELECT (1;{% endblock %}\n": "a bracket does not fit",
        "{% extends 'migrations/_file.sql.j2' %}\n{% block change %}SELECT 1);{% endblock %}\n": "a bracket does not fit",
        "{% include 'migrations/_file.sql.j2' %}\nSELECT 1\n": "does not end with a statement and its ;",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in BROKEN.items() for text in texts]
)
def test_g3_a_template_that_renders_a_broken_file_leaves_the_disk_alone(
    project: Project, name: str, text: str
) -> None:
    project.write(f"templates/{name}", text)
    before = snapshot(project.root)
    ran = project.run("render")
    assert (ran.code, ran.out) == (2, "")
    assert f"rendered from templates/{name}, " in ran.err
    assert BROKEN[name][text] in ran.err
    assert "Traceback" not in ran.err
    assert snapshot(project.root) == before


OWN = "outputs:\n  own: {{template: own.j2, path: own.x, format: {}}}\n"


@pytest.mark.parametrize(("language", "text"), [
    ("json", "{"), ("yaml", "a: [\n"), ("env", "='\n"), ("python", "(\n"), ("markdown", "x"), ("text", "x"),
])  # fmt: skip
def test_g3_an_output_of_the_team_is_read_back_too(
    project: Project, language: str, text: str
) -> None:
    project.write("shards.yaml", fleet(1, 2, head=OWN.format(language)))
    project.write("templates/own.j2", text)
    before = snapshot(project.root)
    ran = project.run("render")
    assert (ran.code, ran.out) == (2, "")
    assert "own.x: rendered from templates/own.j2, " in ran.err
    assert snapshot(project.root) == before


FAULTY = {
    "line 1\n{{ nothing.there | text }}\n": "templates/docs.md.j2:2: 'nothing' is undefined",
    "{{ service.nmae | text }}\n": "templates/docs.md.j2:1: ",
    "a\n\n{% if %}\n": "templates/docs.md.j2:3: ",
    "{{ service.name }}\n": "templates/docs.md.j2:1: 'baileys' passed no quoting filter",
    "\n{{ service.name | nothing }}\n": "templates/docs.md.j2:2: No filter named 'nothing'",
    "\n{% include 'nowhere.j2' %}\n": "templates/docs.md.j2:2: nowhere.j2",
    "\n{% include 'part.j2' %}\n": "templates/part.j2:3: division by zero",
    "\n{% include 'syntax.j2' %}\n": "templates/syntax.j2:2: ",
    "{% include '../docker-compose.yml' %}\n": "templates/docs.md.j2:1: ../docker-compose.yml",
    "{% include '/etc/passwd' %}\n": "templates/docs.md.j2:1: /etc/passwd",
    "{{ ''.__class__.__mro__ | text }}\n": "templates/docs.md.j2:1: access to attribute '__class__'",
    "{{ shards.append(1) | text }}\n": "templates/docs.md.j2:1: ",
    "{% for i in range(10000000) %}x{% endfor %}\n": "templates/docs.md.j2:1: Range too big",
    "{% include 'docs.md.j2' %}\n": "templates/docs.md.j2:1: maximum recursion depth exceeded",
    "{{ (1 / 0) | text }}\n": "templates/docs.md.j2:1: division by zero",
    "{{ raise() | text }}\n": "templates/docs.md.j2:1: 'raise' is undefined",
}


@pytest.mark.parametrize("text", FAULTY)
def test_g3_a_faulty_template_is_named_with_its_line(project: Project, text: str) -> None:
    project.write("templates/docs.md.j2", text)
    project.write("templates/part.j2", "a\nb\n{{ (1 / 0) | text }}\n")
    project.write("templates/syntax.j2", "a\n{% endfor %}\n")
    before = snapshot(project.root)
    for command in (["render"], ["check"], ["render", "--dry-run"]):
        ran = project.run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"error: {FAULTY[text]}"), ran.err
        assert "\n" not in ran.err.rstrip("\n")
    assert snapshot(project.root) == before


def test_g3_a_template_that_is_no_text_is_named(project: Project) -> None:
    project.write("templates/docs.md.j2", b"\xff\xfe")
    ran = project.run("render")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: templates/docs.md.j2: 'utf-8' codec can't decode")


def test_g3_a_block_writes_no_marker(project: Project) -> None:
    project.write("shards.yaml", fleet(1, 2, head="outputs:\n  env: {path: config/app.env}\n"))
    project.write("config/app.env", "A=1\n")
    project.write("templates/env.j2", "{% block shards %}\n# shardgen:end shards\n{% endblock %}\n")
    ran = project.run("render")
    assert ran.code == 2
    assert "templates/env.j2: block 'shards' writes a marker of its own" in ran.err


def test_a_template_that_equals_ours_is_ours(project: Project) -> None:
    project.render()
    before = project.contents()
    for name in ("compose.yml.j2", "env.j2", "router.py.j2", "docs.md.j2"):
        project.write(f"templates/{name}", resource_text(f"templates/{name}"))
    project.render()
    after = project.contents()
    assert {name: after[name] for name in OUTPUTS} == {name: before[name] for name in OUTPUTS}


def test_a_template_of_the_team_decides_about_new_migrations_alone(rendered: Project) -> None:
    rendered.write(
        "templates/migrations/add.sql.j2",
        "{% extends 'migrations/_file.sql.j2' %}\n{% block change %}\nSELECT 1; -- ours\n{% endblock %}\n",
    )
    rendered.is_clean()
    before = rendered.contents()
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    assert "-- ours" in rendered.read("migrations/0005_add_shard_3.sql")
    assert (
        rendered.read("migrations/0004_add_shard_2.sql").encode()
        == before["migrations/0004_add_shard_2.sql"]
    )
    rendered.path("templates/migrations/add.sql.j2").unlink()
    rendered.is_clean()


def renderer(**templates: str) -> Renderer:
    """Return a renderer of packaged templates in memory."""
    return Renderer(Templates(package=templates.get, user=lambda name: None))


def test_templates_of_the_package_may_do_what_they_like_and_need_quotes_too() -> None:
    assert renderer(a="{{ 1 }}{{ ['a', 'b'] | map('text') | join(', ') }}").text("a", {}) == "1a, b"
    with pytest.raises(BrokenTemplate, match="passed no quoting filter"):
        renderer(a="{{ ['a', 'b'] | join }}").text("a", {})
    with pytest.raises(BrokenTemplate, match=r"^template 'b' does not exist$"):
        renderer(a="").text("b", {})
    with pytest.raises(KeyboardInterrupt):
        renderer(a="{{ stop() }}").text("a", {"stop": interrupt})
    with pytest.raises(BrokenTemplate, match=r"^templates/a:1: BareError$"):
        renderer(a="{{ stop() }}").text("a", {"stop": bare})


class BareError(Exception):
    """An exception that says nothing."""


def bare() -> None:
    """Fail without a word."""
    raise BareError


def interrupt() -> None:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


def test_only_quoted_text_and_integers_are_written() -> None:
    assert finalize(3) == 3
    for value in (True, None, 1.5, "text", ["x"]):
        with pytest.raises(ValueError, match="passed no quoting filter"):
            finalize(value)


ROUTES = [
    (fleet(1, 2), fleet(1, 2, 3), "66.5 %", [1, 2], [1, 2, 3]),
    (fleet(1), fleet(1, 2), "50.0 %", [1], [1, 2]),
    (fleet(1, 2), fleet(1, 2, 3, head="routing: {unknown_shard: error}\n"), "66.5 %", [1, 2], [1, 2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "share", "old", "new"), ROUTES)
def test_g9_the_share_that_moves_is_exact_and_can_be_avoided(
    tmp_path: Path, before: str, after: str, share: str, old: list[int], new: list[int]
) -> None:
    project = Project(tmp_path / "project", before)
    project.render()
    project.write("shards.yaml", after)
    hashes = (int(hashlib.md5(b"%d" % n).hexdigest(), 16) for n in range(1, 100_001))
    moved = sum(old[h % len(old)] != new[h % len(new)] for h in hashes)
    exact = f"{moved / 1000:.1f} %"
    assert abs(float(exact[:-2]) - float(share[:-2])) < 0.2
    dry = project.ok("render", "--dry-run")
    assert (
        f"! {exact} of the tenants routed by the fallback move to another shard and must pair again."
        in dry.out
    )
    line = re.search(r"To move none, (?:add to|set under routing: in) shards.yaml:   (.*)", dry.out)
    assert line
    if "routing" in after:
        project.change("shards.yaml", "routing: {", f"routing: {{{line[1]}, ")
    else:
        project.write("shards.yaml", project.read("shards.yaml") + line[1] + "\n")
    assert "must pair again" not in project.ok("render", "--dry-run").out
    project.render()
    project.is_clean()
    project.write("shards.yaml", after)
    assert exact in project.render().out
    assert "must pair again" not in project.render().out


def test_g9_add_says_it_too(rendered: Project) -> None:
    dry = rendered.ok("add", "--dry-run").out
    assert "66.5 % of those without a shard of their own move" in dry
    assert "fallback_shards: [1, 2]" in dry


def test_g9_another_kind_of_fallback_moves_tenants_too(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, head="routing: {fallback: modulo}\n"))
    ran = rendered.render()
    assert re.search(r"! (49|50)\.[0-9] % of the tenants", ran.out)
    assert "To move none" not in ran.out


def test_g9_a_retired_shard_cannot_be_kept_in_the_fallback(tmp_path: Path) -> None:
    project = Project(
        tmp_path / "project", fleet(1, 2, 3, head="outputs: {migrations: {enabled: false}}\n")
    )
    project.render()
    project.change("shards.yaml", "  - id: 3\n", "  - {id: 3, state: retired, move_to: 1}\n")
    ran = project.ok("render", "--dry-run")
    assert "of the tenants routed by the fallback move" in ran.out
    assert "To move none" not in ran.out
    assert "- baileys-3" in ran.out


def test_an_edit_that_moves_nobody_says_nothing(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, head="routing: {unknown_shard: error}\n"))
    ran = rendered.render()
    assert "must pair again" not in ran.out
    assert "up -d" not in ran.out
    rendered.is_clean()


def test_the_notes_of_a_render_say_what_comes_and_goes(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    lines = rendered.render().out.splitlines()
    assert any(
        re.fullmatch(rf"  ~ {OVERLAY} +\+ baileys-3, \+ whatsapp_auth_shard3", line)
        for line in lines
    )
    assert any(re.fullmatch(rf"  ~ {ENV} +BAILEYS_NUM_SHARDS 2 → 3", line) for line in lines)


def test_many_commands_are_summed_up(tmp_path: Path) -> None:
    base = BASE.replace("  whatsapp_auth:\n", "  whatsapp_auth: {external: true}\n")
    text = fleet(*range(1, 16)).replace("service:\n", "service:\n  storage: {external: true}\n")
    ran = Project(tmp_path / "project", text, base).render()
    assert (
        "      docker volume create whatsapp_auth_shard12\n      … 3 more, in order\n      psql "
        in ran.out
    )


def test_g3_files_that_stay_keep_their_modification_time(rendered: Project) -> None:
    for name in rendered.lock.outputs:
        os.utime(rendered.path(name), (1_000_000_000, 1_000_000_000))
    rendered.write("templates/docs.md.j2", "<!-- {{ header | text }} -->\n# ours\n")
    before = snapshot(rendered.root)
    rendered.render()
    after = snapshot(rendered.root)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {DOCS, "shardgen.lock"}
