"""SG420 to SG428: what a Kubernetes cluster cannot have."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG420": make(
        "the service's name is no host name in Kubernetes",
        "Every shard is a Service and a StatefulSet of the name in its URL, as baileys-2: of "
        "lower-case letters, digits and hyphens, and pods bear the name with a hash as a label of "
        "63 characters.",
        "service: {name: wa_bridge}\noutputs: {kubernetes: {enabled: true}}",
        "service: {name: wa-bridge}\noutputs: {kubernetes: {enabled: true}}",
    ),
    "SG421": make(
        "the name of a volume is too long for a claim",
        "A claim bears the name of the volume, in which '_' and '.' become '-', so that both are "
        "the same thing to those who look for them. It has 63 characters at most.",
        "service: {storage: {volume: the_state_of_all_whatsapp_devices_of_all_of_our_customers}}",
        "service: {storage: {volume: whatsapp_auth}}",
    ),
    "SG422": make(
        "no image that a cluster can pull",
        "Compose builds an image on the machine that runs it. A cluster pulls it by its name, and "
        "reads no .env in which a part of that name could stand.",
        "service: {build: .}\noutputs: {kubernetes: {enabled: true}}",
        "service: {build: .}\n"
        "outputs: {kubernetes: {enabled: true, image: registry.example/baileys:4.2}}",
    ),
    "SG423": make(
        "nobody could reach the shards",
        "The NetworkPolicy lets the consumers through, nobody else. They are the pods whose label "
        "app.kubernetes.io/name is in service.consumers, or those with the labels that "
        "outputs.kubernetes.consumers states.",
        "service: {consumers: []}\noutputs: {kubernetes: {enabled: true}}",
        "outputs: {kubernetes: {enabled: true, consumers: {tier: backend}}}",
    ),
    "SG424": make(
        "a variable of a shard has no equal in Kubernetes",
        "There a value is a text, or a key of a Secret. Where a text is around a variable, "
        "only you know what belongs into which.",
        "service: {environment: {REDIS_URL: 'redis://:${REDIS_AUTH}@redis:6379'}}",
        "outputs: {kubernetes: {enabled: true, environment: {REDIS_URL: '${REDIS_URL}'}}}",
    ),
    "SG425": make(
        "a setting of a shard has no equal in Kubernetes",
        "Durations, limits, commands and paths are read once, when the manifests are made, and no "
        ".env is read for a cluster.",
        "service: {stop_grace_period: '${GRACE}'}",
        "service: {stop_grace_period: '${GRACE:-30s}'}",
    ),
    "SG426": make(
        "no name in Kubernetes",
        "Namespaces, Secrets and classes have names of lower-case letters, digits and hyphens.",
        "outputs: {kubernetes: {enabled: true, namespace: WhatsApp_Prod}}",
        "outputs: {kubernetes: {enabled: true, namespace: whatsapp-prod}}",
    ),
    "SG427": make(
        "no label in Kubernetes",
        "The value of a label has up to 63 letters, digits, '_', '.' and '-'; its key may have the "
        "name of a domain and a '/' before it.",
        "outputs: {kubernetes: {enabled: true, consumers: {tier: 'back end'}}}",
        "outputs: {kubernetes: {enabled: true, consumers: {tier: backend}}}",
    ),
    "SG428": make(
        "a shard that one StatefulSet cannot have",
        "With form: single all shards are one StatefulSet: pods of one kind, numbered from 1 "
        "on, without a gap. A shard that differs needs a StatefulSet of its own.",
        "outputs: {kubernetes: {enabled: true, form: single}}\n"
        "shards: [{id: 1}, {id: 2, image: registry.example/baileys:next}]",
        "outputs: {kubernetes: {enabled: true, form: per-shard}}\n"
        "shards: [{id: 1}, {id: 2, image: registry.example/baileys:next}]",
    ),
}
