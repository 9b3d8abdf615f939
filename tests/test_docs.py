"""The documentation is true: tables agree with the code, examples work, transcripts are played."""

from __future__ import annotations

import ast
import re
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shardgen import context, model, outputs, render, workspace
from shardgen.codes import CODES
from shardgen.conform import conforms
from shardgen.disk import Disk
from shardgen.ledger import migration, operations
from shardgen.ledger.names import derive_names
from shardgen.schema import flow, load_schema
from tests import pages, projects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = projects.ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PLAYED = [page for page in PAGES if "```console\n" in page.read_text(encoding="utf-8")]
EVERY_PAGE = [*PAGES, projects.ROOT / "README.md", projects.ROOT / "CONTRIBUTING.md"]
SCHEMA = load_schema()
KEYS = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)

Schema = dict[str, Any]


def name_of(path: Path) -> str:
    """Return a page's name, for the names of tests."""
    return path.name


def resolved(schema: Schema) -> Schema:
    """Return a schema with what its reference says."""
    target = SCHEMA["$defs"].get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
    return {**target, **schema}


def walk(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Yield every key below a schema with its path: `shards[].id`, `outputs.NAME.path`."""
    required = resolved(schema).get("required", ())
    for key, child in resolved(schema).get("properties", {}).items():
        below = f"{path}.{key}" if path else key
        yield below, {**resolved(child), "is_required": key in required}
        yield from walk(child, below)
    items = resolved(schema).get("items")
    if items:
        yield from walk(items, f"{path}[]")
    others = resolved(schema).get("additionalProperties")
    if isinstance(others, dict):
        yield from walk(others, f"{path}.NAME")


def shared_with_service() -> set[str]:
    """Return the keys of a shard's entry that mean what they mean under `service`."""
    service = SCHEMA["properties"]["service"]["properties"]
    entry = SCHEMA["properties"]["shards"]["items"]["properties"]
    return {key for key in entry if "$ref" in entry[key] and entry[key] == service.get(key)}


def section_of(path: str) -> str:
    """Return the section of configuration.md that a key belongs to."""
    top = re.split(r"[.\[]", path)[0]
    return top if "properties" in resolved(SCHEMA["properties"][top]) or "[" in path else "top"


def cell(text: str) -> str:
    """Return a text as it can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def key_row(path: str, schema: Schema) -> str:
    """Return the row of one key: what it is, by default, and as an example."""
    examples = ", ".join(f"`{cell(flow(each))}`" for each in schema["examples"])
    default = f"`{cell(flow(schema['default']))}`" if "default" in schema else "none"
    if schema["is_required"]:
        default = "required"
    return f"| `{path}` | {default} | {cell(schema['description'])} | {examples} |"


def key_table(section: str) -> str:
    """Return the table of a section of configuration.md."""
    shared = shared_with_service()
    rows, inherited = [], []
    for path, schema in walk(SCHEMA, ""):
        own = re.match(r"shards\[\]\.(\w+)", path)
        if section_of(path) != section:
            continue
        if own and own[1] in shared:
            if path == own[0]:
                inherited.append(own[1])
            continue
        rows.append(key_row(path, schema))
    table = ["| key | default | meaning | example |", "|---|---|---|---|", *rows]
    if inherited:
        names = ", ".join(f"`{key}`" for key in sorted(inherited))
        table += ["", f"An entry takes these keys of `service`, too, for itself alone: {names}."]
    return "\n".join(["", *table, "", ""])


def test_configuration_tables_are_the_schemas() -> None:
    pages.agrees(
        DOCS / "configuration.md",
        lambda text: KEYS.sub(lambda found: found[1] + key_table(found[2]) + found[3], text),
    )


def test_every_schema_property_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    rows = {path for path, _ in ROW.findall(text)}
    listed = re.search(r"takes these keys of `service`.*?: (.*)\.$", text, re.MULTILINE)
    assert listed
    shared = tuple(f"shards[].{key}" for key in re.findall(r"`(\w+)`", listed[1]))
    every = {path for path, _ in walk(SCHEMA, "")}
    assert every - rows == {path for path in every if path.startswith(shared)}
    assert rows <= every


def fits(value: Any, schema: Schema) -> bool:
    """Return whether a value may stand under a key."""
    plain = {name: each for name, each in schema.items() if name != "is_required"}
    return conforms(value, {**plain, "$defs": SCHEMA["$defs"]})


def test_every_documented_default_and_example_conforms() -> None:
    for path, schema in walk(SCHEMA, ""):
        for example in schema["examples"]:
            assert fits(example, schema), (path, example)
        default = schema.get("default")
        assert schema["description"], path
        if default is not None:
            assert fits(default, schema), path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("service", model.Service),
        ("service.storage", model.Storage),
        ("routing", model.Routing),
        ("database", model.Database),
        ("database.adopt", model.Adopt),
        ("database.migrations", model.Migrations),
    ],
)
def test_documented_defaults_are_those_of_the_model(path: str, kind: Any) -> None:
    defaults = kind()
    keys = dict(walk(SCHEMA, ""))
    for name in kind.__dataclass_fields__:
        value = getattr(defaults, name)
        if not hasattr(value, "__dataclass_fields__"):
            plain = list(value) if isinstance(value, tuple) else value
            assert keys[f"{path}.{name}"]["default"] == plain, name


def test_documented_destinations_are_those_of_the_table() -> None:
    keys = dict(walk(SCHEMA, ""))
    for name, output in outputs.OUTPUTS.items():
        assert keys[f"outputs.{name}.enabled"]["default"] == output.enabled
        if output.meets != "once":
            assert keys[f"outputs.{name}.path"]["default"] == output.destination
        if output.meets != "once" and not output.parts:
            assert keys[f"outputs.{name}.template"]["default"] == output.template
            assert keys[f"outputs.{name}.format"]["default"] == output.format


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_of_shards_yaml_render(page: Path, tmp_path: Path) -> None:
    """Every block that begins with `# shards.yaml` is accepted, on this repository's base file."""
    bodies = pages.blocks(page.read_text(encoding="utf-8"), "yaml")
    for number, body in enumerate(each for each in bodies if each.startswith("# shards.yaml\n")):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = body if re.search("^version:", body, re.MULTILINE) else f"version: 1\n{body}"
        if not re.search("^shards:", text, re.MULTILINE):
            text += "shards: [{id: 1}, {id: 2}]\n"
        base = (projects.ROOT / "docker-compose.yml").read_bytes()
        (folder / "docker-compose.yml").write_bytes(base)
        (folder / "shards.yaml").write_text(text, encoding="utf-8")
        for output in (yaml.safe_load(text).get("outputs") or {}).values():
            if "template" in output:
                (folder / "templates").mkdir(exist_ok=True)
                (folder / "templates" / output["template"]).write_text("a line\n")
        opened = workspace.open_workspace(Disk(str(folder)), "shards.yaml")
        assert opened.changes


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name_of)
def test_examples_for_github_and_pre_commit_are_valid(page: Path, tmp_path: Path) -> None:
    """Every block that begins with the path of such a file is as its own program wants it."""
    for number, body in enumerate(pages.blocks(page.read_text(encoding="utf-8"), "yaml")):
        file = tmp_path / f"{number}.yaml"
        file.write_text(body, encoding="utf-8")
        if body.startswith("# .github/workflows/"):
            schema = "vendor.github-workflows"
            projects.run(tmp_path, "check-jsonschema", "--builtin-schema", schema, str(file))
        elif body.startswith("# .pre-commit-config.yaml"):
            projects.run(tmp_path, "pre-commit", "validate-config", str(file))


@pytest.mark.slow
@pytest.mark.parametrize("page", PLAYED, ids=name_of)
def test_transcripts_show_what_is_printed(page: Path, tmp_path: Path) -> None:
    project = projects.small(tmp_path / "project")
    pages.agrees(page, lambda text: pages.played(text, project))


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert not target.startswith("http"), f"{target}: a page of its own needs no network"
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name_of)
def test_codes_that_pages_name_exist(page: Path) -> None:
    assert set(re.findall(r"SG\d{3}", page.read_text(encoding="utf-8"))) <= CODES.keys()


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (projects.ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"(docs/{page.name})" in readme


def test_every_output_is_explained() -> None:
    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ", text.partition("\n## ")[0], re.MULTILINE)
    assert rows[1:] == list(outputs.OUTPUTS)


def test_the_map_names_every_module() -> None:
    """CONTRIBUTING.md lists each module, and each package as a whole."""
    text = (projects.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## The map\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    package = projects.ROOT / "shardgen"
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    packages = {f"{path.parent.name}/" for path in package.glob("[a-z]*/__init__.py")}
    assert set(re.findall(r"`([^`]+)`", " ".join(rows))) == modules | packages


# templates.md


def flattened(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of a context: `service.name`, `shards[].id`; what compose reads is a leaf."""
    if isinstance(value, dict) and not is_free(path):
        for key, child in value.items():
            yield from flattened(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from flattened(value[0], f"{path}[]")
    else:
        yield path


def is_free(path: str) -> bool:
    """Return whether the keys below a field are the user's and not ours."""
    return path in {
        "overlay.shared",
        "overlay.shared_environment",
        "paths",
        "digests",
    } or path.endswith(".definition")


@pytest.fixture
def whole_context(tmp_path: Path) -> dict[str, Any]:
    """The context of a project in which no list is empty."""
    folder = projects.small(tmp_path / "project")
    text = (folder / "shards.yaml").read_text()
    (folder / "shards.yaml").write_text(
        text.replace(
            "service:", "service:\n  base: null\n  image: x\n  networks: [inside]"
        ).replace("  consumers: [prosaas-api, worker, prosaas-calls]\n", "")
    )
    found: list[dict[str, Any]] = []
    build = context.build_context

    def recorded(*arguments: Any) -> dict[str, Any]:
        found.append(build(*arguments))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "build_context", recorded)
        workspace.open_workspace(Disk(str(folder)), "shards.yaml")
        (folder / "shards.yaml").write_text(text)
        workspace.open_workspace(Disk(str(folder)), "shards.yaml")
    without_base, with_base = found
    overlay = {**with_base["overlay"], "networks": without_base["overlay"]["networks"]}
    return {**with_base, "overlay": overlay}


def documented(heading: str) -> list[str]:
    """Return the first column of the table below a heading of templates.md."""
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, heading
    return [name for name, _ in ROW.findall(section)]


def test_the_fields_of_templates_are_documented(whole_context: dict[str, Any]) -> None:
    assert sorted(documented("The fields")) == sorted(set(flattened(whole_context, "")))


def test_templates_receive_plain_data(whole_context: dict[str, Any]) -> None:
    def check(value: Any) -> None:
        assert isinstance(value, (str, int, float, bool, list, tuple, dict, type(None)))
        for child in value.values() if isinstance(value, dict) else ():
            check(child)
        for child in value if isinstance(value, (list, tuple)) else ():
            check(child)

    check({key: value for key, value in whole_context.items() if key != "overlay"})


def test_the_filters_are_documented() -> None:
    assert sorted(documented("The filters")) == sorted(render.FILTERS)


def test_the_fields_of_migrations_are_documented() -> None:
    examples: dict[str, Any] = {
        "schema": None, "table": "business", "id_column": "id", "shard_column": "shard",
        "shards": 1, "default": 1, "route": "hash", "fallback": "md5", "shard": 1, "to": 2,
        "tenants": (1,), "ids": (3,), "runner": "psql", "part": 1, "parts": 1, "weights": (),
    }  # fmt: skip
    names = derive_names(schema=None, table="business", id_column="id", shard_column="shard")
    fields: set[str] = set()
    for kind in operations.OPERATIONS:
        values = {field.name: examples[field.name] for field in fields_of(kind)}
        made = migration.make_migration(1, kind(**values), None)
        fields |= migration.migration_context(made, None, names).keys()
    assert sorted(documented("The fields of a migration")) == sorted(fields)


# checking.md, outputs.md


def strings_of(*modules: str) -> str:
    """Return every piece of text in the code of some modules, one a line."""
    found = []
    for module in modules:
        source = (projects.ROOT / "shardgen" / module).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


def test_reasons_that_the_pages_explain_are_given_somewhere() -> None:
    known = strings_of(
        "plan.py",
        "report.py",
        "findings.py",
        "migrations.py",
        "prefix.py",
        "ledger/damage.py",
        "ledger/verify.py",
    )
    text = (DOCS / "checking.md").read_text(encoding="utf-8")
    section = text.partition("\n## What it finds\n")[2].partition("\n## ")[0]
    reasons = [name for name, _ in ROW.findall(section)]
    assert len(reasons) > 10
    for reason in reasons:
        for part in reason.split("…"):
            assert part.strip() in known, reason


def test_formats_are_documented() -> None:
    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    section = text.partition("\n## Formats\n")[2].partition("\n## ")[0]
    assert sorted(name for name, _ in ROW.findall(section)) == sorted(outputs.FORMATS)


def test_compose_page_lists_what_is_refused() -> None:
    text = (DOCS / "compose.md").read_text(encoding="utf-8")
    section = text.partition("\n## What is refused\n")[2].partition("\n## ")[0]
    assert {f"SG3{number:02d}" for number in (6, 7, 8, 9, 10, 13, 17)} <= set(
        re.findall(r"SG\d{3}", section)
    )
