"""shardgen merges services as compose does: the same two services, merged by both, are equal."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shardgen import compose as syntax
from shardgen.quoting import yaml_block
from tests.examples import examples

if TYPE_CHECKING:
    from tests.compose.stacks import Compose, Model

Service = dict[str, Any]
#: What the short forms of mounts and devices below mount at.
TARGETS = {"./a:/a": "/a", "vol:/a:ro": "/a", "vol:/b:nocopy": "/b", "/tmp:size=1m": "/tmp",
           "/tmp:size=2m": "/tmp", "/dev/null:/dev/null": "/dev/null",
           "/dev/zero:/dev/null": "/dev/null"}  # fmt: skip
NAMES = ("A", "B", "C")
OTHERS = {name: {"image": name} for name in ("t", "u")}
TOP = {
    "networks": {"n": None, "m": None},
    "secrets": {name: {"environment": "PATH"} for name in ("x", "y")},
    "configs": {name: {"content": name} for name in ("x", "y")},
}


def some(*items: Any) -> st.SearchStrategy[list[Any]]:
    """Return lists of a few of these items, each target once at most."""
    return st.lists(st.sampled_from(items), min_size=1, unique_by=target)


def target(item: Any) -> Any:
    """Return what makes two items of a list the same to compose."""
    if isinstance(item, dict):
        return str(item.get("target", item)).removeprefix("/run/secrets/")
    return TARGETS.get(item, item)


def pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return KEY=value pairs, as a list or as a mapping."""
    mapping = st.dictionaries(st.sampled_from(NAMES), values, min_size=1)
    return mapping | mapping.map(lambda found: [f"{key}={value}" for key, value in found.items()])


def optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings with any of these keys."""
    return st.fixed_dictionaries({}, optional=strategies)


TEXT = st.sampled_from(["", "1", "a b", "yes", "0440"])
VALUE = TEXT | st.sampled_from([1, 0, True, 1.5])
LIST = some("a", "b", "c")
COMMAND = LIST | st.just("a b 'c d'")
NETWORK = st.none() | optional(aliases=LIST, priority=st.integers(1, 3))
DEPENDENCY = st.sampled_from([
    {"condition": "service_healthy"}, {"condition": "service_started", "required": False},
])  # fmt: skip
SERVICE = optional(
    environment=pairs(VALUE) | st.just(["A", "B=1"]) | st.just({"A": None}),
    labels=pairs(VALUE),
    annotations=pairs(TEXT),
    sysctls=pairs(VALUE),
    extra_hosts=some("a:10.0.0.1", "a=10.0.0.2", "b=10.0.0.1")
    | st.dictionaries(st.sampled_from("ab"), st.sampled_from(["10.0.0.1", ["10.0.0.2", "10.0.0.3"]]),
                      min_size=1),
    command=COMMAND,
    entrypoint=COMMAND,
    env_file=st.just("a.env") | some("a.env", "b.env", {"path": "c.env", "required": False}),
    dns=st.just("1.1.1.1") | some("1.1.1.1", "2.2.2.2"),
    dns_search=st.just("a.org") | some("a.org", "b.org"),
    tmpfs=st.just("/run") | some("/run", "/tmp:size=1m", "/tmp:size=2m"),
    networks=some("n", "m") | st.dictionaries(st.sampled_from("nm"), NETWORK, min_size=1),
    depends_on=some("t", "u") | st.dictionaries(st.sampled_from("tu"), DEPENDENCY, min_size=1),
    ulimits=st.dictionaries(st.sampled_from(["nproc", "nofile"]),
                            st.sampled_from([3, {"soft": 1, "hard": 2}]), min_size=1),
    logging=optional(driver=st.sampled_from(["json-file", "local"]),
                     options=st.dictionaries(st.sampled_from(["max-size", "max-file"]), TEXT,
                                             min_size=1)),
    healthcheck=st.fixed_dictionaries({"test": st.just("a b") | st.just(["CMD", "a"])}, optional={
        "interval": st.sampled_from(["1s", "2m"]), "retries": st.integers(1, 3)}),
    deploy=optional(
        labels=pairs(TEXT),
        resources=optional(limits=optional(cpus=st.sampled_from(["0.5", "1"]),
                                           memory=st.sampled_from(["64m", "1g"])),
                           reservations=optional(memory=st.sampled_from(["1m", "2m"]))),
        placement=optional(constraints=some("a==b", "c==d")),
    ),
    build=st.just("./ctx") | st.just({"context": "."}) | st.fixed_dictionaries(
        {"context": st.sampled_from([".", "./ctx"])},
        optional={"args": pairs(TEXT), "labels": pairs(TEXT), "target": TEXT,
                  "cache_from": some("type=a", "type=b"), "extra_hosts": some("a=10.0.0.1")}),
    cap_add=some("ALL", "NET_ADMIN"),
    cap_drop=some("ALL", "CHOWN"),
    security_opt=some("no-new-privileges:true", "seccomp:unconfined"),
    group_add=some("mail", "adm"),
    devices=some("/dev/null:/dev/null", "/dev/zero:/dev/null", {"source": "/a", "target": "/dev/a"}),
    expose=some("1", 2, "3"),
    ports=some("81:80", "82", "127.0.0.1:83:80/udp",
               {"target": 80, "published": "81", "protocol": "tcp", "mode": "ingress"}),
    volumes=some("./a:/a", "vol:/a:ro", "vol:/b:nocopy", "/c", {"type": "bind", "source": "./x", "target": "/a"},
                 {"type": "volume", "source": "vol", "target": "/c", "volume": {"nocopy": True}},
                 {"type": "tmpfs", "target": "/b"}),
    secrets=some("x", "y", {"source": "x", "target": "/run/secrets/y"}),
    configs=some("x", {"source": "y", "target": "/y"}),
    profiles=some("p", "q"),
    restart=st.sampled_from(["no", "always", "on-failure:3"]),
    stop_grace_period=st.sampled_from(["1s", "1m30s"]),
    init=st.booleans(),
    mem_swappiness=st.integers(0, 3),
    post_start=some({"command": ["a"]}, {"command": ["b"], "user": "root"}),
)  # fmt: skip
#: Where an item stands in both files, compose refuses to read it, or keeps it twice; the overlay
#: never says it twice.
DISJOINT = ("security_opt", "group_add", "post_start", "deploy.placement", "build.cache_from")
MAPPINGS = (
    "environment",
    "labels",
    "sysctls",
    "ulimits",
    "healthcheck",
    "deploy",
    "build",
    "logging",
)


@st.composite
def statements(draw: st.DrawFn) -> Service:
    """Return what may be stated over a service: values, and resets at the top and below it."""
    found = draw(SERVICE)
    for key in draw(st.lists(st.sampled_from(sorted(found)), unique=True)) if found else ():
        found[key] = draw(st.just(syntax.Reset()) | st.just(found[key]))
    for key in MAPPINGS:
        if isinstance(found.get(key), dict) and found[key] and draw(st.booleans()):
            inner = draw(st.sampled_from(sorted(found[key])))
            if (key, inner) != ("build", "context"):
                found[key] = {**found[key], inner: syntax.Reset()}
    return found


def modelled(compose: Compose, *files: dict[str, Service]) -> Model:
    """Return the services as compose merges them from one or two files."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.env", "b.env"):
            Path(folder, name).write_text(f"FILE={name}\n")
        for index, services in enumerate(files):
            data = {"services": services, **({} if index else {**TOP, "volumes": {"vol": None}})}
            if not index:
                data["services"] = {**services, **OTHERS}
            Path(folder, f"{index}.yml").write_text(yaml_block(data) + "\n")
        names = tuple(f"{index}.yml" for index in range(len(files)))
        found = compose.model(Path(folder), files=names)["services"]
        return {name: without_folder(found[name], folder) for name in files[0]}


def without_folder(value: Any, folder: str) -> Any:
    """Return a model without the temporary folder's name."""
    if isinstance(value, dict):
        return {key: without_folder(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [without_folder(item, folder) for item in value]
    return value.replace(folder, "/tmp/x") if isinstance(value, str) else value


def named(services: list[Service]) -> dict[str, Service]:
    """Return services under names, each with an image, so that it is complete."""
    return {f"s{index}": {"image": "i", **each} for index, each in enumerate(services)}


FEW = settings(max_examples=examples(6), deadline=None, derandomize=True, phases=[Phase.generate],
               suppress_health_check=list(HealthCheck))  # fmt: skip
PAIRS = st.lists(st.tuples(SERVICE, statements()), min_size=6, max_size=16)


def is_plain(value: Any) -> bool:
    """Return whether nothing inside a value is a reset."""
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return not isinstance(value, syntax.Reset)


def mergeable(service: Service, stated: Service, path: str = "") -> Service:
    """Return what a second file can say in compose's own terms: resets at the top, no repetition."""
    return {
        key: mergeable(service.get(key, {}), value, f"{key}.")
        if isinstance(value, dict) and isinstance(service.get(key), dict)
        else value
        for key, value in stated.items()
        if not (f"{path}{key}" in DISJOINT and key in service)
        and ((not path and isinstance(value, syntax.Reset)) or is_plain(value))
    }


@FEW
@given(both=PAIRS)
def test_merging_is_what_compose_does(
    compose: Compose, both: list[tuple[Service, Service]]
) -> None:
    first = named([service for service, _ in both])
    second = {
        name: mergeable(first[name], stated) for name, (_, stated) in zip(first, both, strict=True)
    }
    wanted = {name: syntax.merged_mapping(first[name], second[name]) for name in first}
    assert modelled(compose, wanted) == modelled(compose, first, second)


@FEW
@given(both=PAIRS)
def test_an_addition_makes_what_is_wanted(
    compose: Compose, both: list[tuple[Service, Service]]
) -> None:
    """Whatever should become of a service, what the overlay adds makes compose arrive there."""
    first = named([service for service, _ in both])
    wanted, second = {}, {}
    for name, (_, stated) in zip(first, both, strict=True):
        have, want = first[name], syntax.merged_mapping(first[name], stated)
        wanted[name] = want
        second[name] = {
            key: syntax.addition(key, have.get(key), want.get(key))
            for key in have | want
            if not syntax.same(syntax.normal(key, have.get(key)), syntax.normal(key, want.get(key)))
        }
    assert modelled(compose, first, second) == modelled(compose, wanted)
