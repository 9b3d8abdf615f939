"""What an API server and its controllers demand of manifests, beyond the form of each object.

The rules are those of Kubernetes' own validation (pkg/apis/*/validation) and of the StatefulSet
controller; the published schemas know none of them.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

#: pkg/apis/apps/validation, ValidateStatefulSetUpdate: all else of a spec is fixed.
MUTABLE = {"replicas", "ordinals", "template", "updateStrategy", "minReadySeconds",
           "persistentVolumeClaimRetentionPolicy", "revisionHistoryLimit"}  # fmt: skip
LABEL = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SERVICE_NAME = re.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(rf"(?=.{{1,253}}$){LABEL.pattern}(\.{LABEL.pattern})*")
VALUE = re.compile("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
KEY = re.compile(rf"(?:{SUBDOMAIN.pattern}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
CONFIG_KEY = re.compile("[-._a-zA-Z0-9]{1,253}")
ENV_NAME = re.compile("[-._a-zA-Z][-._a-zA-Z0-9]*")
QUANTITY = re.compile("([0-9]+(?:\\.[0-9]+)?)(m|Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?")
UNITS = {"": 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50,
         "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}  # fmt: skip
Object = dict[str, Any]


class Refusal(AssertionError):
    """What the server would not take."""


def demand(holds: object, why: object) -> None:
    """Refuse where something does not hold."""
    if not holds:
        raise Refusal(str(why))


@dataclass(frozen=True)
class Pod:
    """A pod that the controller makes: its name, its labels, its spec and its claims."""

    name: str
    labels: dict[str, str]
    spec: Object
    claims: dict[str, str]

    @property
    def container(self) -> Object:
        """Its only container."""
        (found,) = self.spec["containers"]
        return found

    def value(self, name: str) -> str | None:
        """Return a variable of its container, as far as the manifests know it."""
        for each in self.container.get("env", []):
            if each["name"] == name and "value" in each:
                return expanded(each["value"])
            if each["name"] == name and "fieldRef" in each.get("valueFrom", {}):
                path = each["valueFrom"]["fieldRef"]["fieldPath"]
                match = re.fullmatch(r"metadata\.labels\['([^']+)'\]", path)
                demand(match, path)
                return self.labels[match[1]]
        return None


@dataclass
class Server:
    """The objects of a namespace. Claims outlive whatever asked for them."""

    objects: dict[tuple[str, str], Object] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)

    def apply(self, text: str) -> None:
        """Take manifests as `kubectl apply` does; what they do not name stays."""
        documents = [each for each in yaml.safe_load_all(text) if each is not None]
        names = [(each["kind"], each["metadata"]["name"]) for each in documents]
        demand(len(names) == len(set(names)), "an object is there twice")
        for each in documents:
            self.check(each)
            self.check_update(each)
            self.objects[each["kind"], each["metadata"]["name"]] = copy.deepcopy(each)
        self.claims |= {claim for pod in self.pods for claim in pod.claims.values()}

    def delete(self, name: str) -> None:
        """Delete the StatefulSet and the Service of a name, as far as they are there."""
        self.objects.pop(("Service", name), None)
        self.objects.pop(("StatefulSet", name), None)

    def of(self, kind: str) -> list[Object]:
        """Return the objects of a kind."""
        return [each for (found, _), each in self.objects.items() if found == kind]

    @property
    def pods(self) -> list[Pod]:
        """The pods that the StatefulSets make."""
        return [pod for each in self.of("StatefulSet") for pod in pods_of(each)]

    def check(self, it: Object) -> None:
        """Look at one object by itself."""
        kind, name = it["kind"], it["metadata"]["name"]
        demand(SUBDOMAIN.fullmatch(name), name)
        labels(it["metadata"]["labels"])
        demand(it["metadata"].keys() <= {"name", "namespace", "labels"}, it["metadata"])
        if kind == "Service":
            demand(SERVICE_NAME.fullmatch(name), name)
            labels(it["spec"]["selector"])
        if kind == "ConfigMap":
            for key, value in it["data"].items():
                demand(CONFIG_KEY.fullmatch(key) and isinstance(value, str), key)
        if kind == "StatefulSet":
            self.check_set(it)

    def check_set(self, it: Object) -> None:
        """Look at a StatefulSet: its selector, and what its pods are named."""
        spec, name = it["spec"], it["metadata"]["name"]
        policy = spec["persistentVolumeClaimRetentionPolicy"]
        demand(policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}, policy)
        own = spec["template"]["metadata"]["labels"]
        labels(own)
        demand(spec["selector"]["matchLabels"], "selects everything")
        demand(spec["selector"]["matchLabels"].items() <= own.items(), "does not select its pods")
        demand(len(f"{name}-0123456789") <= 63, f"the revision label of {name}")
        for pod in pods_of(it):
            demand(LABEL.fullmatch(pod.name), pod.name)
            for claim in pod.claims.values():
                demand(SUBDOMAIN.fullmatch(claim), claim)
            pod_spec(pod)

    def check_update(self, it: Object) -> None:
        """Refuse a change of what cannot change."""
        was = self.objects.get((it["kind"], it["metadata"]["name"]))
        if was is None or it["kind"] != "StatefulSet":
            return
        for key in was["spec"].keys() | it["spec"].keys():
            same = was["spec"].get(key) == it["spec"].get(key)
            demand(same or key in MUTABLE, f"updates to {key} are forbidden")

    def settle(self) -> None:
        """Look at what objects say of each other."""
        pods = self.pods
        owned = [claim for pod in pods for claim in pod.claims.values()]
        demand(len(owned) == len(set(owned)), "two pods use one claim")
        demand(len({pod.name for pod in pods}) == len(pods), "two pods have one name")
        for service in self.of("Service"):
            found = selected(pods, service["spec"]["selector"])
            demand(len(found) == 1, f"{service['metadata']['name']} leads to {len(found)} pods")
            for port in service["spec"]["ports"]:
                named = {each["name"] for each in found[0].container["ports"]}
                demand(port["targetPort"] in named, port)
        for it in self.of("StatefulSet"):
            demand(("Service", it["spec"]["serviceName"]) in self.objects, "no governing Service")
        for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            (it,) = self.of(kind)
            found = selected(pods, it["spec"][key]["matchLabels"])
            demand(found == pods, f"{kind} does not hold for all pods")
        (policy,) = self.of("NetworkPolicy")
        for rule in policy["spec"]["ingress"]:
            demand(rule["from"] and all(each["podSelector"] for each in rule["from"]), "all may")
            ports = {each["port"] for each in rule["ports"]}
            for pod in pods:
                demand(ports == {e["containerPort"] for e in pod.container["ports"]}, ports)


def labels(found: dict[str, str]) -> None:
    """Look at labels."""
    for key, value in found.items():
        demand(KEY.fullmatch(key), key)
        demand(isinstance(value, str) and VALUE.fullmatch(value), value)


def pods_of(it: Object) -> list[Pod]:
    """Return the pods of a StatefulSet as its controller names and labels them."""
    spec, name = it["spec"], it["metadata"]["name"]
    start = spec.get("ordinals", {}).get("start", 0)
    found = []
    for ordinal in range(start, start + spec["replicas"]):
        pod = f"{name}-{ordinal}"
        own = {
            **spec["template"]["metadata"]["labels"],
            "statefulset.kubernetes.io/pod-name": pod,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        claims = {each["metadata"]["name"]: f"{each['metadata']['name']}-{pod}"
                  for each in spec["volumeClaimTemplates"]}  # fmt: skip
        found.append(Pod(pod, own, spec["template"]["spec"], claims))
    return found


def selected(pods: list[Pod], selector: dict[str, str]) -> list[Pod]:
    """Return the pods that a selector selects."""
    return [pod for pod in pods if selector.items() <= pod.labels.items()]


def pod_spec(pod: Pod) -> None:
    """Look at a pod: its mounts, variables, amounts and probes."""
    spec, container = pod.spec, pod.container
    demand(spec["enableServiceLinks"] is False, "BAILEYS_PORT would be tcp://…")
    demand(LABEL.fullmatch(container["name"]), container["name"])
    volumes = [*pod.claims, *(each["name"] for each in spec.get("volumes", []))]
    demand(len(volumes) == len(set(volumes)) and all(map(LABEL.fullmatch, volumes)), volumes)
    paths = [each["mountPath"] for each in container["volumeMounts"]]
    demand(len(paths) == len(set(paths)), paths)
    demand({each["name"] for each in container["volumeMounts"]} == set(volumes), "mounts")
    for port in container["ports"]:
        demand(re.fullmatch("[a-z0-9-]{1,15}", port["name"]), port)
    names = [each["name"] for each in container.get("env", [])]
    demand(len(names) == len(set(names)), names)
    for each in container.get("env", []):
        demand(ENV_NAME.fullmatch(each["name"]), each)
        demand(("value" in each) != ("valueFrom" in each), each)
        demand(isinstance(each.get("value", ""), str), each)
    amounts = container.get("resources", {})
    for kind in amounts.get("requests", {}):
        most = amounts.get("limits", {}).get(kind)
        least = amounts["requests"][kind]
        demand(most is None or quantity(least) <= quantity(most), f"{kind}: {least} > {most}")
    for each in amounts.values():
        demand(all(quantity(amount) > 0 for amount in each.values()), each)
    for key in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[key]
        demand(len(probe.keys() & {"exec", "httpGet", "tcpSocket"}) == 1, probe)
        for part in ("periodSeconds", "timeoutSeconds", "failureThreshold"):
            demand(0 < probe[part] < 2**31, probe)
    demand(0 <= spec["terminationGracePeriodSeconds"] < 2**31, "grace")


def quantity(text: Any) -> float:
    """Return an amount."""
    match = QUANTITY.fullmatch(str(text))
    demand(match, text)
    return float(match[1]) * UNITS[match[2] or ""]


def expanded(text: str, known: dict[str, str] | None = None) -> str:
    """Return a value as the kubelet makes it of a manifest's.

    It is third_party/forked/golang/expansion/expand.go, which goes byte by byte.
    """
    source, found, at = text.encode(), bytearray(), 0
    while at < len(source):
        byte, rest = source[at : at + 1], source[at + 1 :]
        if byte != b"$" or not rest:
            found += byte
            at += 1
        elif rest[:1] == b"$":
            found += b"$"
            at += 2
        elif rest[:1] == b"(" and b")" in rest:
            name = rest[1 : rest.index(b")")]
            value = (known or {}).get(name.decode())
            found += b"$(" + name + b")" if value is None else value.encode()
            at += len(name) + 3
        else:  # string(input[0]) makes a rune of one byte
            found += b"$" + chr(rest[0]).encode()
            at += 2
    return found.decode()
