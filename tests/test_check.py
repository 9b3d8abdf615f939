"""G7, check cannot lie: every damage is found, named and explained, and its last line mends it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jsonschema
import pytest

from shardgen.digest import digest, sealed
from shardgen.lock import Lock, Owned, lock_text
from shardgen.resources import resource_text
from tests.support import OUTPUTS, Project, Ran, commit, fleet, shell, snapshot

if TYPE_CHECKING:
    from pathlib import Path

Edit = Callable[[Project], None]
OVERLAY, ENV, ROUTER, DOCS = OUTPUTS
PIN, SUM = "migrations/0002_pin.sql", "migrations/shardgen.sum"
PERSON = "only a person can decide:"


@dataclass(frozen=True)
class Damage:
    """What is done to a clean project, and the line of `check` that names it.

    `decision` is what only a person can decide; without one the last line is typed.
    """

    name: str
    edit: Edit
    path: str
    reason: str
    decision: str = ""
    mend: Edit | None = None


def change(name: str, old: str, new: str) -> Edit:
    """Return an edit that replaces a text in a file."""
    return lambda project: project.change(name, old, new)


def delete(name: str) -> Edit:
    """Return an edit that deletes a file."""
    return lambda project: project.path(name).unlink()


def write(name: str, content: str) -> Edit:
    """Return an edit that writes a file."""
    return lambda project: project.write(name, content)


def crlf(name: str) -> Edit:
    """Return an edit that saves a file with CRLF."""
    return lambda project: project.write(name, project.read(name).replace("\n", "\r\n"))


def rename(old: str, new: str) -> Edit:
    """Return an edit that renames a file."""
    return lambda project: project.path(old).rename(project.path(new))


def together(*edits: Edit) -> Edit:
    """Return several edits as one."""

    def all_of(project: Project) -> None:
        for edit in edits:
            edit(project)

    return all_of


def relock(edit: Callable[[Lock], Lock]) -> Edit:
    """Return an edit of the lock that is sealed again, as by somebody who forges it."""
    return lambda project: project.write("shardgen.lock", lock_text(edit(project.lock)))


def forged_digest(name: str) -> Edit:
    """Return the forgery that makes an edited file look like ours."""

    def forge(project: Project) -> None:
        found = digest(project.path(name).read_bytes())
        relock(lambda lock: lock._replace(outputs={
            **lock.outputs, name: lock.outputs[name]._replace(digest=found)
        }))(project)  # fmt: skip

    return forge


def interrupted(project: Project) -> None:
    """Leave the lock as a render leaves it that does not end."""
    relock(lambda lock: lock._replace(outputs={
        path: entry._replace(was="") if path == DOCS else entry
        for path, entry in lock.outputs.items()
    }))(project)  # fmt: skip


def swapped_lines(project: Project) -> None:
    """Swap two lines of the sum, and seal it again."""
    _head, first, second, *rest = project.read(SUM).splitlines(keepends=True)
    body = "".join([second, first, *rest])
    project.write(SUM, f"head {digest(body.encode())}\n{body}")


def line_removed(project: Project) -> None:
    """Take the last migration out of the sum, seal it again, and delete the file too."""
    _head, *lines, last = project.read(SUM).splitlines(keepends=True)
    body = "".join(lines)
    project.write(SUM, f"head {digest(body.encode())}\n{body}")
    (project.path("migrations") / last.split()[1]).unlink()


def of_version_2(project: Project) -> None:
    """Make the lock that of a later shardgen."""
    head, _, body = lock_text(project.lock._replace(package="0" * 64)).split("\n", 2)
    project.write(
        "shardgen.lock", sealed(f"{head}\n{body}".replace('"version": 1', '"version": 2'))
    )


CONFLICT = '<<<<<<< ours\n  "digest": "1",\n=======\n  "digest": "2",\n>>>>>>> theirs\n'
MOVED = "outputs:\n  docs: {path: docs/SHARDS.md}\nshards:\n"
TEMPLATE = "<!-- {{ header | text }} -->\n# ours\n"

DAMAGES = (
    *(Damage(f"byte in {name}", lambda p, n=name: p.write(n, p.read(n)[:-2] + "X\n"), name, "edited by hand")
      for name in OUTPUTS),
    *(Damage(f"no {name}", delete(name), name, "missing") for name in OUTPUTS),
    Damage("emptied", write(DOCS, ""), DOCS, "edited by hand"),
    Damage("crlf output", crlf(ROUTER), ROUTER, "edited by hand"),
    Damage("not text", lambda p: p.write(DOCS, b"\xff\xfe"), DOCS, "edited by hand"),
    Damage("header gone", lambda p: p.write(OVERLAY, p.read(OVERLAY).partition("\n")[2]), OVERLAY, "edited by hand"),
    Damage("path changed", change("shards.yaml", "shards:\n", MOVED), DOCS, "stale: no output makes it any more"),
    Damage(
        "path changed, old file edited",
        together(change("shards.yaml", "shards:\n", MOVED), change(DOCS, "# Sharding", "# Our sharding")),
        DOCS, "stale: no output makes it any more, and it was edited by hand",
    ),
    Damage("output disabled", change("shards.yaml", "shards:\n", "outputs:\n  docs: {enabled: false}\nshards:\n"), DOCS, "stale: no output"),
    Damage("shard added", lambda p: p.write("shards.yaml", fleet(1, 2, 3)), OVERLAY, "out of date"),
    Damage("comment in shards.yaml", lambda p: p.write("shards.yaml", p.read("shards.yaml") + "# why\n"), "shardgen.lock", "out of date: shards.yaml changed since the last render"),
    Damage("comment in the base", lambda p: p.write("docker-compose.yml", p.read("docker-compose.yml") + "# why\n"), "shardgen.lock", "out of date: docker-compose.yml changed since the last render"),
    Damage("base", change("docker-compose.yml", "LOG_LEVEL: info", "LOG_LEVEL: debug"), OVERLAY, "out of date"),
    Damage("template added", write("templates/docs.md.j2", TEMPLATE), DOCS, "out of date"),
    Damage("template added that says the same", lambda p: p.write("templates/docs.md.j2", resource_text("templates/docs.md.j2")), "shardgen.lock", "out of date: templates/docs.md.j2 changed since the last render"),
    Damage("migration edited", change(PIN, "BEGIN;", "BEGIN; "), PIN, "changed after it was written"),
    Damage("migration removed", delete(PIN), PIN, "is in shardgen.sum but not in the folder"),
    Damage("migration renumbered", rename(PIN, "migrations/0009_pin.sql"), "migrations/0009_pin.sql", "was 0002_pin.sql when it was written"),
    Damage("migration with crlf", crlf(PIN), PIN, "was saved with CRLF"),
    Damage("last migration and its line removed", line_removed, "migrations/0004_add_shard_2.sql", "is gone, and so is its line"),
    Damage("ledger path changed", change("shards.yaml", "shards:\n", "database: {migrations: {path: 'db/le dger'}}\nshards:\n"), "db/le dger/shardgen.sum", "is not there: the ledger was in 'migrations' at the last render"),
    Damage("sum edited", change(SUM, "head ", "head 0"), SUM, "does not match its head line"),
    Damage("sum removed", delete(SUM), SUM, "is not there, but migrations are"),
    Damage("sum with crlf", crlf(SUM), SUM, "was saved with CRLF"),
    Damage("sum reordered", swapped_lines, SUM, "stands where number 0001 belongs"),
    Damage("sum with conflict markers", lambda p: p.write(SUM, "<<<<<<< ours\n" + p.read(SUM)), SUM, "has a line that is no sum"),
    Damage("two migrations damaged", together(crlf(PIN), delete("migrations/0001_init.sql")), PIN, "was saved with CRLF"),
    Damage("migration edited and shards.yaml too", together(change(PIN, "BEGIN;", "BEGIN; "), lambda p: p.write("shards.yaml", fleet(1, 2, 3))), PIN, "changed after it was written"),
    Damage("migration edited and a comment too", together(change(PIN, "BEGIN;", "BEGIN; "), lambda p: p.write("shards.yaml", p.read("shards.yaml") + "# why\n")), PIN, "changed after it was written"),
    Damage("migration edited and the lock gone", together(change(PIN, "BEGIN;", "BEGIN; "), delete("shardgen.lock")), PIN, "changed after it was written"),
    Damage("migration edited and an output too", together(change(PIN, "BEGIN;", "BEGIN; "), change(DOCS, "# Sharding", "# Our")), DOCS, "edited by hand"),
    Damage("lock edited", change("shardgen.lock", '"fallback": "md5"', '"fallback": "modulo"'), "shardgen.lock", "damaged: not exactly as it was written"),
    Damage("lock with crlf", crlf("shardgen.lock"), "shardgen.lock", "damaged"),
    Damage("lock emptied", write("shardgen.lock", ""), "shardgen.lock", "damaged"),
    Damage("lock of another version", of_version_2, "shardgen.lock", "damaged"),
    Damage("lock that is no mapping", lambda p: p.write("shardgen.lock", sealed("{\n[\n")), "shardgen.lock", "damaged"),
    Damage("lock with conflict markers", lambda p: p.write("shardgen.lock", CONFLICT + p.read("shardgen.lock")), "shardgen.lock", "holds the conflict of a merge"),
    Damage("lock removed", delete("shardgen.lock"), "shardgen.lock", "missing"),
    Damage("lock is a folder", together(delete("shardgen.lock"), write("shardgen.lock/x", "")), "shardgen.lock", "missing", "", lambda p: shutil.rmtree(p.path("shardgen.lock"))),
    Damage("interrupted", interrupted, "shardgen.lock", "a render was interrupted"),
    Damage("another file in the ledger's folder", write("migrations/0005_users.sql", "SELECT 1;\n"), "migrations/0005_users.sql", "is in the folder but not in shardgen.sum", "move it out of migrations", delete("migrations/0005_users.sql")),
    Damage("two files of one number", write("migrations/0004_add_shard_9.sql", "SELECT 1;\n"), "migrations/0004_add_shard_9.sql", "claim the same number", "which branch was merged first?", delete("migrations/0004_add_shard_9.sql")),
    Damage("volume of a shard", change("shards.yaml", "  - id: 2\n", "  - {id: 2, volume: other}\n"), "shards.yaml", "shard 2: its volume would change from 'whatsapp_auth_shard2' to 'other'", "shard 2: put volume 'whatsapp_auth_shard2' back in shards.yaml", change("shards.yaml", "  - {id: 2, volume: other}\n", "  - id: 2\n")),
)  # fmt: skip


def typed(project: Project, line: str) -> None:
    """Type a line in a shell; one that is a single command of ours needs no process."""
    words = shlex.split(line)
    if words[0] == "shardgen" and not set(words) & {"&&", ";", "|"}:
        ran = project.run(*words[1:])
        assert ran.code == 0, ran.err
        return
    done = shell(project.root, line)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_g7_damage_is_found_named_and_mended(damage: Damage, rendered: Project) -> None:
    rendered.is_clean()
    damage.edit(rendered)
    before = snapshot(rendered.root)
    ran = rendered.run("check")
    assert ran.code == 1, ran.out + ran.err
    assert ran.err == ""
    assert any(
        line.startswith(f"{damage.path}   ") and damage.reason in line
        for line in ran.out.splitlines()
    ), ran.out
    for options in (["--full"], ["--no-diff"], ["--format", "json"]):
        assert rendered.run("check", *options).code == 1
    assert rendered.run("check", CI="1") == ran
    assert snapshot(rendered.root) == before, "check wrote something"
    if damage.decision:
        assert PERSON in ran.out
        assert damage.decision in ran.out.partition(PERSON)[2]
    else:
        assert PERSON not in ran.out
    if damage.mend:
        damage.mend(rendered)
        ran = rendered.run("check")
    if ran.code:
        typed(rendered, ran.last)
    rendered.is_clean()


@pytest.mark.parametrize("edit", ["edited", "removed"])
def test_g7_a_template_of_the_team_is_an_input(rendered: Project, edit: str) -> None:
    rendered.write("templates/docs.md.j2", TEMPLATE)
    rendered.write("templates/env.j2", "# {{ header | text }}\n{% include 'part.j2' %}\n")
    rendered.write("templates/part.j2", resource_text("templates/env.j2"))
    rendered.render()
    rendered.is_clean()
    if edit == "edited":
        rendered.write("templates/docs.md.j2", TEMPLATE + "more\n")
    else:
        rendered.path("templates/docs.md.j2").unlink()
    ran = rendered.run("check")
    assert ran.code == 1
    assert f"{DOCS}   out of date" in ran.out
    typed(rendered, ran.last)
    rendered.is_clean()
    rendered.write("templates/part.j2", resource_text("templates/env.j2") + "# more\n")
    ran = rendered.run("check")
    assert ran.code == 1
    assert f"{ENV}   out of date" in ran.out
    typed(rendered, ran.last)
    rendered.is_clean()


def test_g7_a_forged_lock_is_found_where_everything_is_rendered_again(rendered: Project) -> None:
    rendered.change(DOCS, "# Sharding", "# Our sharding")
    forged_digest(DOCS)(rendered)
    assert rendered.run("check").code == 0, "a forged lock is what the early answer cannot see"
    for ran in (rendered.run("check", "--full"), rendered.run("check", CI="true")):
        assert ran.code == 1
        assert f"{DOCS}   out of date" in ran.out
    typed(rendered, ran.last)
    rendered.is_clean()


def test_g7_a_forged_fleet_is_found(rendered: Project) -> None:
    relock(lambda lock: lock._replace(fleet={**lock.fleet, "fallback_shards": [1]}))(rendered)
    ran = rendered.run("check", "--full")
    assert ran.code == 1
    assert "shardgen.lock   forged: its digests are not those of the files" in ran.out
    typed(rendered, ran.last)
    rendered.is_clean()


def test_g7_a_forged_entry_is_found(rendered: Project) -> None:
    extra = Owned("docs", "whole", digest(b"x"))
    relock(lambda lock: lock._replace(outputs={**lock.outputs, "gone.md": extra}))(rendered)
    ran = rendered.run("check")
    assert ran.code == 1
    typed(rendered, ran.last)
    rendered.is_clean()
    assert "gone.md" not in rendered.lock.outputs


def test_another_package_alone_is_no_drift(rendered: Project) -> None:
    relock(lambda lock: lock._replace(package="0" * 64))(rendered)
    before = snapshot(rendered.root)
    assert rendered.run("check").code == 0
    assert snapshot(rendered.root) == before


def test_g7_markers_that_are_broken_need_a_person(tmp_path: Path) -> None:
    text = fleet(1, 2, head="outputs:\n  env: {path: config/app.env}\n")
    project = Project(tmp_path / "project", text)
    project.write("config/app.env", "A=1\n")
    project.render()
    project.is_clean()
    good = project.read("config/app.env")
    end = "# shardgen:end shards\n"
    for broken, reason in (
        (good.replace(end, ""), "has broken markers: line 3: block 'shards' has no end"),
        (good + good, "stands twice"),
        (good.replace("begin shards", "begin other"), "ends where it was not begun"),
        (
            good.replace("begin shards", "begin x").replace("end shards", "end x"),
            "has a block 'x'; there are: shards",
        ),
        ("A=1\n", "lacks the markers of block 'shards'"),
        (b"A=\xff\n", "is no text in UTF-8"),
    ):
        project.write("config/app.env", broken)
        project.write(DOCS, project.read(DOCS) + "mine\n")
        before = snapshot(project.root)
        ran = project.run("check")
        assert ran.code == 1
        assert f"config/app.env   {reason}" in ran.out or reason in ran.out
        assert PERSON in ran.out
        assert "mend it by hand" in ran.out
        for arguments in ([], ["--overwrite", "config/app.env"]):
            refused = project.run("render", *arguments)
            assert refused.code == 3
            assert reason in refused.err
        assert snapshot(project.root) == before
    project.write("config/app.env", good)
    typed(project, project.run("check").last)
    project.is_clean()


def test_check_without_any_render(project: Project) -> None:
    ran = project.run("check")
    assert ran.code == 1
    assert "docker-compose.prod.yml   not written yet" in ran.out
    assert "shardgen.lock   missing" in ran.out
    assert ran.last == "shardgen render"
    typed(project, ran.last)
    project.is_clean()


def test_check_shows_diffs_unless_told_not_to(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    assert "  +BAILEYS_NUM_SHARDS=3" in rendered.run("check").out
    assert "BAILEYS_NUM_SHARDS" not in rendered.run("check", "--no-diff").out


def test_a_hand_edit_is_shown_as_what_the_hand_did(rendered: Project) -> None:
    rendered.change(OVERLAY, "profiles: [multi-shard]", "profiles: [other]")
    ran = rendered.run("check")
    assert "  -  profiles: [multi-shard]\n  +  profiles: [other]" in ran.out
    assert ran.last == f"shardgen render --overwrite {OVERLAY}"


SCHEMA = jsonschema.Draft202012Validator(json.loads(resource_text("schema/check.schema.json")))


def as_json(ran: Ran) -> dict:  # type: ignore[type-arg]
    """Return a check's JSON, which must be as the published schema has it."""
    data = json.loads(ran.out)
    SCHEMA.validate(data)
    assert data["clean"] == (ran.code == 0)
    return data


def test_json_is_as_its_schema_says(rendered: Project) -> None:
    SCHEMA.check_schema(SCHEMA.schema)
    clean = as_json(rendered.run("check", "--format", "json"))
    files = len(rendered.lock.outputs)
    assert clean == {"format_version": 1, "clean": True, "files": files, "findings": [], "fix": []}
    kinds = set()
    for damage in DAMAGES:
        copy = Project.__new__(Project)
        copy.root = rendered.root.parent / "copy"
        shutil.copytree(rendered.root, copy.root, ignore=shutil.ignore_patterns(".git"))
        damage.edit(copy)
        data = as_json(copy.run("check", "--format", "json"))
        assert damage.path in {finding["path"] for finding in data["findings"]}
        kinds |= {finding["kind"] for finding in data["findings"]}
        shutil.rmtree(copy.root)
    known = SCHEMA.schema["$defs"]["finding"]["properties"]["kind"]["enum"]
    assert kinds == {*known} - {"untracked", "base", "input"}


def test_tracked_names_what_git_does_not_know(rendered: Project) -> None:
    rendered.ok("check", "--tracked")
    rendered.write(".gitignore", ".env*\n")
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    shell(rendered.root, f"git rm -q --cached {ENV} {DOCS}")
    ran = rendered.run("check", "--tracked")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert f"{ENV}   not tracked by git" in lines
    assert f"{DOCS}   not tracked by git" in lines
    assert "migrations/0005_add_shard_3.sql   not tracked by git" in lines
    data = as_json(rendered.run("check", "--tracked", "--format", "json"))
    assert [finding["kind"] for finding in data["findings"]] == ["untracked"] * 3
    typed(rendered, ran.last)
    rendered.ok("check", "--tracked")


def test_tracked_and_drift_are_mended_by_one_line(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    ran = rendered.run("check", "--tracked")
    assert ran.code == 1
    assert "migrations/0005_add_shard_3.sql   not tracked by git" in ran.out
    typed(rendered, ran.last)
    rendered.ok("check", "--tracked")


def test_tracked_in_a_sub_folder_and_with_odd_names(tmp_path: Path) -> None:
    project = Project(
        tmp_path / "project" / "a b", fleet(1, 2, head="outputs:\n  docs: {path: 'x[y] z.md'}\n")
    )
    project.render()
    whole = Project.__new__(Project)
    whole.root = project.root.parent
    shell(whole.root, "git init -q .")
    ran = whole.run("check", "--tracked", "-c", "a b/shards.yaml")
    assert ran.code == 1
    assert "x[y] z.md   not tracked by git" in ran.out
    typed(whole, ran.last)
    whole.ok("check", "--tracked", "-c", "a b/shards.yaml")


def test_tracked_needs_git(rendered: Project) -> None:
    shutil.rmtree(rendered.path(".git"))
    ran = rendered.run("check", "--tracked", GIT_CEILING_DIRECTORIES=str(rendered.root.parent))
    assert (ran.code, ran.err) == (2, "error: --tracked needs git, and a git work tree\n")
    ran = rendered.run("check", "--tracked", PATH="/nowhere")
    assert (ran.code, ran.err) == (2, "error: --tracked needs git, and a git work tree\n")


def test_config_on_either_side_from_another_folder(tmp_path: Path) -> None:
    project = Project(tmp_path / "a" / "deploy ment")
    project.write("fleet.yaml", project.read("shards.yaml"))
    top = Project.__new__(Project)
    top.root = tmp_path / "a"
    for name in ("shards.yaml", "fleet.yaml"):
        config = f"deploy ment/{name}"
        for arguments in (["-c", config, "check"], ["check", "-c", config], [f"--config={config}", "check"],
                          ["-c", "nowhere.yaml", "check", "-c", config]):  # fmt: skip
            ran = top.run(*arguments)
            assert ran.code == 1, arguments
        assert ran.last.startswith("(cd 'deploy ment' && shardgen render")
        typed(top, ran.last)
        for arguments in (
            ["-c", config, "check"],
            ["check", "-c", config],
            ["check", "-c", config, "--full"],
        ):
            assert re.fullmatch(f"[0-9]+ files agree with {name}\n", top.ok(*arguments).out)
        for each in OUTPUTS:
            project.path(each).unlink()
        shutil.rmtree(project.path("migrations"))
        for lock in project.root.glob("*.lock"):
            lock.unlink()


def test_errors_beat_drift(rendered: Project) -> None:
    rendered.path(DOCS).unlink()
    rendered.change("shards.yaml", "version: 1", "version: 2")
    ran = rendered.run("check")
    assert ran.code == 2
    assert ran.out == ""


def test_a_committed_project_and_a_clone_of_it_are_clean(rendered: Project, tmp_path: Path) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    commit(rendered.root)
    done = shell(tmp_path, f"git clone -q {rendered.root} clone")
    assert done.returncode == 0, done.stderr
    clone = Project.__new__(Project)
    clone.root = tmp_path / "clone"
    clone.is_clean()
    clone.ok("check", "--tracked")
