"""SG3..: what contradicts the base compose file."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG301": make(
        "the base file is not there",
        "Shard 1 and the consumers are read from the base file; paths are relative to the folder "
        "of shards.yaml.",
        "service: {base: compose.yaml}   # there is none",
        "service: {base: docker-compose.yml}",
    ),
    "SG302": make(
        "the base has no service of that name",
        "service.name is the name of shard 1's service in the base file.",
        "service: {name: whatsapp}   # the base calls it baileys",
        "service: {name: baileys}",
    ),
    "SG303": make(
        "the base is no compose file",
        "It has no services, or the service says nothing.",
        "services:\n  baileys:",
        "services:\n  baileys:\n    image: registry.example/baileys",
    ),
    "SG304": make(
        "without a base, a shard has neither build nor image",
        "With `base: null` the overlay defines every shard, so shards.yaml says what they run.",
        "service: {base: null}",
        "service: {base: null, image: registry.example/baileys}",
    ),
    "SG305": make(
        "consumers without a base",
        "Consumers are services of the base file, to which the overlay adds an env_file.",
        "service: {base: null, consumers: [api]}",
        "service: {base: docker-compose.yml, consumers: [api]}",
    ),
    "SG306": make(
        "a shard with network_mode",
        "A container that shares another network stack has no alias, so no URL of it resolves.",
        "services:\n  baileys:\n    network_mode: host",
        "services:\n  baileys:\n    networks: [backend]",
    ),
    "SG307": make(
        "more than one container of a shard",
        "Replicas would all write into the shard's one volume.",
        "services:\n  baileys:\n    deploy: {replicas: 2}",
        "shards:\n  - id: 1\n  - id: 2",
    ),
    "SG308": make(
        "a port of the host that every shard would publish",
        "One port of the host serves one container; the second shard would not start.",
        'services:\n  baileys:\n    ports: ["3300:3300"]',
        'services:\n  baileys:\n    expose: ["3300"]',
    ),
    "SG309": make(
        "a fixed address that every shard would have",
        "One address is one container's; the second shard would not start.",
        "services:\n  baileys:\n    networks: {backend: {ipv4_address: 10.5.0.20}}",
        "services:\n  baileys:\n    networks: [backend]",
    ),
    "SG310": make(
        "a shard's name is taken",
        "The network would resolve the name to two containers, and send tenants to either.",
        "services:\n  proxy:\n    networks: {backend: {aliases: [baileys-2]}}",
        "services:\n  proxy:\n    networks: {backend: {aliases: [wa-proxy]}}",
    ),
    "SG311": make(
        "the base listens on another port",
        "Every URL has service.port. If the service listens on another one, no tenant is reached.",
        'service: {port: 3300}   # the base has expose: ["8080"]',
        "service: {port: 8080}",
    ),
    "SG312": make(
        "shard 1 does not mount the volume that shards.yaml states",
        "If the two disagree, one of them is wrong about where the state of every customer of "
        "shard 1 is.",
        "service: {storage: {volume: wa_state}}   # the base mounts whatsapp_auth",
        "service: {storage: {volume: whatsapp_auth}}",
    ),
    "SG313": make(
        "a shard's volume is mounted elsewhere in the base",
        "Another service, or a second mount, or a second name of the volume would write into a "
        "shard's state. What is mounted inside the state, all shards would share.",
        "services:\n  backup:\n    volumes: [whatsapp_auth:/data]",
        "services:\n  backup:\n    volumes: [backup_data:/data]",
    ),
    "SG314": make(
        "a mount under compose: touches a shard's state",
        "The volume and its mount are stated once, so that no two shards share one.",
        "service: {compose: {volumes: [whatsapp_auth:/copy]}}",
        "service: {storage: {volume: whatsapp_auth}}",
    ),
    "SG315": make(
        "external here, and not external in the base",
        "Compose would look for that shard's volume in another place than for the others', and "
        "`down -v` would delete one that shards.yaml calls external.",
        "service: {storage: {external: true}}   # the base: volumes: {whatsapp_auth: {}}",
        "service: {storage: {external: true}}\n"
        "# the base: volumes: {whatsapp_auth: {external: true}}",
    ),
    "SG316": make(
        "the base does not declare shard 1's volume",
        "The overlay never restates it, and compose refuses a volume that is not declared.",
        "services: {baileys: {volumes: [whatsapp_auth:/data]}}",
        "services: {baileys: {volumes: [whatsapp_auth:/data]}}\nvolumes: {whatsapp_auth: {}}",
    ),
    "SG317": make(
        "shard 1's volume is on a device that others cannot share",
        "A volume made with the same driver_opts would be the same folder.",
        "volumes:\n  whatsapp_auth: {driver_opts: {type: none, o: bind, device: /srv/wa}}",
        "volumes:\n  whatsapp_auth: {driver_opts: {type: none, o: bind, device: /srv/wa}}\n"
        "  whatsapp_auth_shard2: {driver_opts: {type: none, o: bind, device: /srv/wa2}}",
    ),
    "SG318": make(
        "a network that the base does not declare",
        "Compose refuses a service on a network that no file declares.",
        "service: {networks: [backnd]}",
        "service: {networks: [backend]}",
    ),
    "SG319": make(
        "depends_on names no other service of the base",
        "Compose refuses a dependency on a service that no file has, or on itself.",
        "service: {depends_on: [postgress]}",
        "service: {depends_on: [postgres]}",
    ),
    "SG320": make(
        "a consumer that the base does not have",
        "A consumer is a service of the base file that imports the router.",
        "service: {consumers: [api]}   # the base calls it prosaas-api",
        "service: {consumers: [prosaas-api]}",
    ),
    "SG321": make(
        "a consumer shares no network with a shard",
        "The shard's name would not resolve for it. A shard elsewhere has a `url:` of its own.",
        "services:\n  api: {networks: [front]}\n  baileys: {networks: [back]}",
        "services:\n  api: {networks: [front, back]}\n  baileys: {networks: [back]}",
    ),
    "SG322": make(
        "a consumer with network_mode",
        "On the network of the host or of another container, no shard's name resolves.",
        "services:\n  api: {network_mode: host}",
        "services:\n  api: {networks: [back]}",
    ),
    "SG323": make(
        "a consumer sets a shard variable itself",
        "In compose, environment wins over env_file: the consumer would keep the old value.",
        'services:\n  api:\n    environment: {BAILEYS_BASE_URL: "http://baileys:3300"}',
        "services:\n  api:\n    environment: {}",
    ),
    "SG324": make(
        "consumers without the env output",
        "The shard variables reach the consumers through the file of the env output.",
        "service: {consumers: [api]}\noutputs: {env: {enabled: false}}",
        "service: {consumers: [api]}",
    ),
    "SG325": make(
        "a consumer is listed twice",
        "One of the two is most likely meant to be another service.",
        "service: {consumers: [api, worker, api]}",
        "service: {consumers: [api, worker]}",
    ),
    "SG326": make(
        "the sharded service as its own consumer",
        "No shard receives a variable that changes with the fleet: every new shard would restart "
        "all of them.",
        "service: {name: baileys, consumers: [baileys]}",
        "service: {name: baileys, consumers: [api]}",
    ),
    "SG327": make(
        "the base is an absolute path",
        "The same files must come out on every machine, so paths are relative.",
        "service: {base: /srv/app/docker-compose.yml}",
        "service: {base: docker-compose.yml}",
    ),
    "SG328": make(
        "a consumer in the overlay that does not read the shard variables",
        "Outside of its blocks the overlay is yours: shardgen cannot add to a service there, as a "
        "file holds each service once.",
        "services:\n  worker:\n    env_file: [.env]",
        "services:\n  worker:\n    env_file: [.env, .env.shards]",
    ),
}
