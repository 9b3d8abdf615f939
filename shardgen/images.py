"""The name of a container image in; the tools that it surely lacks out.

Only official and other well-known images, and only what holds for every release of the tags that
are named: where a release differs, or nothing is known, no tool is said to be missing.
"""

from __future__ import annotations

import re

#: What may stand before the name of an official image.
LIBRARY = re.compile(
    r"(?:(?:index\.)?docker\.io/(?:library/)?|library/"
    r"|public\.ecr\.aws/docker/library/|mirror\.gcr\.io/(?:library/)?)"
)
FETCHERS = frozenset({"curl", "wget"})
SHELLS = frozenset({"sh", "bash", "ash", "dash"})
NETCATS = frozenset({"nc", "netcat", "ncat"})
PROCESSES = frozenset({"ps", "pgrep", "pkill"})
PYTHONS = frozenset({"python", "python3"})
#: Debian's own image, and all that is made from it without build tools.
DEBIAN = FETCHERS | NETCATS | PROCESSES
#: Alpine has the small versions of busybox for the rest: wget, nc, ps.
ALPINE = frozenset({"curl", "bash"})
BUSYBOX = frozenset({"curl", "bash"}) | PYTHONS | {"node"}
#: An image without any tools: what a health check would call has to be copied into it.
NOTHING = (
    FETCHERS | SHELLS | NETCATS | PROCESSES | {"cat", "test", "[", "grep", "ls", "stat", "true"}
)
#: Images in which the plain tag has build tools, and with them curl and wget.
WITH_TOOLS = {"node": frozenset[str](), "python": frozenset({"node"}), "golang": frozenset[str](),
              "ruby": frozenset[str]()}  # fmt: skip
LANGUAGES = {"node": PYTHONS, "python": frozenset({"node"})}
#: By the name of an image, then by the flavour of its tag.
OTHERS: dict[str, dict[str, frozenset[str]]] = {
    "scratch": {"plain": NOTHING | PYTHONS | {"node"}},
    "busybox": {"plain": BUSYBOX},
    "alpine": {"plain": ALPINE | PYTHONS | {"node"}},
    "debian": dict.fromkeys(("plain", "slim"), DEBIAN | PYTHONS | {"node"}),
    "ubuntu": {"plain": FETCHERS | NETCATS | {"node"}},
    "nginx": {
        "plain": frozenset({"wget", "node"}) | PYTHONS,
        "alpine": frozenset(),
        "alpine-slim": frozenset({"curl"}),
    },
    "redis": {"plain": FETCHERS, "alpine": frozenset({"curl"})},
    "postgres": {"plain": FETCHERS, "alpine": frozenset({"curl"})},
    "caddy": dict.fromkeys(("plain", "alpine"), frozenset({"curl"})),
    "prom/prometheus": {"plain": BUSYBOX},
    "prom/alertmanager": {"plain": BUSYBOX},
    "prom/node-exporter": {"plain": BUSYBOX},
    "prom/blackbox-exporter": {"plain": BUSYBOX},
}
#: Later ones are made otherwise.
REDIS_4_TO_7 = re.compile(r"[4-7](?:[.-]|$)")
DISTROLESS = re.compile(r"gcr\.io/distroless/(?P<kind>[a-z0-9-]+)")


def lacking(image: str) -> frozenset[str]:
    """Return the tools that an image surely lacks; none where that is not known."""
    if "$" in image:
        return frozenset()
    tagged, _, digest = image.strip().partition("@")
    name, tag = split_tag(tagged)
    if digest and not tag:
        return frozenset()
    name = LIBRARY.sub("", name, count=1)
    if found := DISTROLESS.fullmatch(name):
        return distroless(found["kind"], tag)
    flavour = flavour_of(tag)
    if flavour == "windows":
        return frozenset()
    if name in WITH_TOOLS:
        return language(name, flavour)
    return other(name, tag, flavour)


def split_tag(image: str) -> tuple[str, str]:
    """Return name and tag of an image, the tag '' where none is written."""
    head, slash, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag


def flavour_of(tag: str) -> str:
    """Return what a tag says of the system below: alpine, alpine-slim, slim, windows, or plain."""
    parts = tag.lower().split("-")
    if any(part.startswith(("windowsservercore", "nanoserver")) for part in parts):
        return "windows"
    is_alpine = any(re.fullmatch(r"alpine[0-9.]*", part) for part in parts)
    is_slim = "slim" in parts
    return "-".join(["alpine"] * is_alpine + ["slim"] * is_slim) or "plain"


def language(name: str, flavour: str) -> frozenset[str]:
    """Return what the image of a language lacks."""
    others = LANGUAGES.get(name, frozenset())
    if flavour == "plain":
        return WITH_TOOLS[name]
    if flavour.startswith("alpine"):
        return ALPINE | others
    return (DEBIAN if name in LANGUAGES else FETCHERS) | others


def distroless(kind: str, tag: str) -> frozenset[str]:
    """Return what an image without a distribution lacks; its debug tags have busybox."""
    if "debug" in tag:
        return frozenset()
    found = NOTHING
    if not kind.startswith("nodejs"):
        found |= {"node"}
    return found if kind.startswith("python") else found | PYTHONS


def other(name: str, tag: str, flavour: str) -> frozenset[str]:
    """Return what an image of a system, a server or a proxy lacks."""
    if name == "redis" and not REDIS_4_TO_7.match(tag):
        return frozenset()
    found = OTHERS.get(name, {})
    return found.get(flavour, found.get(flavour.partition("-")[0], frozenset()))
