"""SG44.: shards that run on another host."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG440": make(
        "a host that cannot be one",
        "The name of a host is a part of a file's name and, without an address, of a URL. So it is "
        "a DNS name in lower case, or an address of IPv4; an address may be one of IPv6, too.",
        "shards:\n  - id: 1\n  - {id: 2, host: Shards_B}",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b}",
    ),
    "SG441": make(
        "outputs and hosts contradict each other",
        "Each shard is defined by one file: one here by the overlay, one on another host by the "
        "file of that host. Kubernetes and Swarm place the shards themselves.",
        "outputs: {hosts: {enabled: false}}\nshards:\n  - id: 1\n  - {id: 2, host: shards-b}",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b}",
    ),
    "SG442": make(
        "one path for the files of all hosts",
        "Every host has a file of its own, which needs a name of its own.",
        "outputs: {hosts: {path: deploy/shards.yml}}",
        'outputs: {hosts: {path: "deploy/{host}/shards.yml"}}',
    ),
    "SG443": make(
        "shard 1 on another host beside a base file",
        "The service in the base file is shard 1. It would run where the base runs, whatever its "
        "entry says.",
        "shards:\n  - {id: 1, host: shards-b}",
        "service: {base: null, image: registry.example/baileys}\nshards:\n"
        "  - {id: 1, host: shards-b}",
    ),
    "SG444": make(
        "a host whose name is written in two ways",
        "What is stated under hosts is for the shards that name the host in the same way. Here, it "
        "is for no shard, and a host of almost the same name goes without its address.",
        "hosts: {shard-b: {address: 10.0.0.7}}\nshards:\n  - id: 1\n  - {id: 2, host: shards-b}",
        "hosts: {shards-b: {address: 10.0.0.7}}\nshards:\n  - id: 1\n  - {id: 2, host: shards-b}",
    ),
    "SG445": make(
        "a host_port that can be none",
        "A shard on another host is published on a port of that host: service.port + id, unless it "
        "is stated. One that runs beside its consumers publishes none.",
        "shards:\n  - id: 1\n  - {id: 2, host_port: 3400}",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b, host_port: 3400}",
    ),
    "SG446": make(
        "two containers on one port of a host",
        "The second one would not start: the port is taken.",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b}\n"
        "  - {id: 3, host: shards-b, host_port: 3302}",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b}\n  - {id: 3, host: shards-b}",
    ),
    "SG447": make(
        "what leads to a service of the first host",
        "The names of compose's services resolve on their own host alone. A shard elsewhere needs "
        "an address that leads there; extra_hosts may say what a name means, too.",
        "service: {environment: {API_URL: http://api:5000}}\nshards:\n  - id: 1\n"
        "  - {id: 2, host: shards-b}",
        "service: {environment: {API_URL: http://api:5000}}\nhosts:\n  shards-b:\n"
        "    environment: {API_URL: http://10.0.0.1:5000}\nshards:\n  - id: 1\n"
        "  - {id: 2, host: shards-b}",
    ),
    "SG448": make(
        "what ties a shard to services of the first host",
        "Networks and services of the base are not on another host. What the base says of them is "
        "left out there; what is stated for a shard, and what compose would refuse, is an error.",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b, depends_on: [redis]}",
        "shards:\n  - id: 1\n  - {id: 2, host: shards-b}",
    ),
    "SG449": make(
        "an address that leads to no other host",
        "Consumers connect to the address of a host from their own containers, where localhost is "
        "the container itself. Docker publishes a port on an IP address, not on a name.",
        "hosts: {shards-b: {address: 127.0.0.1}}\nshards:\n  - id: 1\n  - {id: 2, host: shards-b}",
        "hosts: {shards-b: {address: 10.0.0.7}}\nshards:\n  - id: 1\n  - {id: 2, host: shards-b}",
    ),
}
