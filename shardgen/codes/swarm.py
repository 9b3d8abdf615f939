"""SG43.: what a stack of Docker Swarm cannot be made from."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG430": make(
        "the stack has no usable name",
        "Swarm puts it before the name of every service (63 characters with it) and config (64), "
        "and of every volume that states none: under another name the shards would start with "
        "empty volumes. That of a compose project keeps the project's.",
        "outputs: {swarm: {enabled: true}}",
        "outputs: {swarm: {enabled: true, stack: shop}}",
    ),
    "SG431": make(
        "a shard of a swarm without an image",
        "`docker stack deploy` builds nothing: every node pulls the image.",
        "outputs: {swarm: {enabled: true, stack: shop}}   # the base has build: alone",
        "outputs: {swarm: {enabled: true, stack: shop, image: registry.example/baileys:4.2}}",
    ),
    "SG432": make(
        "two tasks on one volume",
        "A shard is one task. It must have ended before the next one starts, or both write into "
        "the shard's volume.",
        "service: {compose: {deploy: {update_config: {order: start-first}}}}",
        "service: {compose: {deploy: {update_config: {delay: 30s}}}}",
    ),
    "SG433": make(
        "a port of a shard that the swarm would publish",
        "The swarm publishes ports of a virtual address. A shard has none: its name leads to its "
        "one task. A port of the task's own node can be published.",
        'services:\n  baileys:\n    ports: ["3300:3300"]',
        "services:\n  baileys:\n    ports: [{target: 3300, published: 3300, mode: host}]",
    ),
    "SG434": make(
        "a secret or config that swarm cannot make",
        "`docker stack deploy` makes them from files, or takes those that are there; it knows no "
        "`environment` and no `content`.",
        "secrets:\n  token: {environment: TOKEN}",
        "secrets:\n  token: {external: true}",
    ),
    "SG435": make(
        "the stack file is none",
        "outputs.swarm.base names your own stack file, which is deployed together with the "
        "rendered one. It must be there, have services, and of the versions 3.8 and later: "
        "docker takes no two versions in one command.",
        'version: "3.4"\nservices: {api: {image: registry.example/api}}',
        'version: "3.9"\nservices: {api: {image: registry.example/api}}',
    ),
    "SG436": make(
        "a consumer that does not receive the variables in the swarm",
        "The rendered stack file gives each consumer the env output's file, and docker merges that "
        "with the service of the same name in outputs.swarm.base.",
        "service: {consumers: [api]}   # the stack file calls it shop-api",
        "service: {consumers: [shop-api]}",
    ),
    "SG437": make(
        "the stack file has what is a shard's",
        "Docker would merge the two services, the network would resolve the name to both, or both "
        "would write into one volume.",
        "services:\n  baileys: {image: registry.example/baileys}\n"
        "  api: {image: registry.example/api}",
        "services:\n  api: {image: registry.example/api}",
    ),
    "SG438": make(
        "a url that swarm would not read as it is written",
        "`docker stack deploy` takes the quotes in an env_file for a part of the value, so no "
        "variable of the consumers may need any.",
        "shards: [{id: 2, url: 'http://wa-2.example/a(b)'}]",
        "shards: [{id: 2, url: 'http://wa-2.example/a'}]",
    ),
    "SG439": make(
        "a variable that docker stack deploy does not read as compose does",
        "It knows no `+`, and ends a default at the first brace: `${A:-${B}}` would be the text "
        "`${B}`.",
        "service: {environment: {LOG_LEVEL: '${LOG_LEVEL:-${LEVEL}}'}}",
        "service: {environment: {LOG_LEVEL: '${LOG_LEVEL:-info}'}}",
    ),
}
