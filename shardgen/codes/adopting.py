"""SG72. and SG73.: what `shardgen adopt` leaves alone, and what it cannot do for you."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG721": make(
        "a later shard in the base",
        "The base says what every shard is made from, so that it has shard 1 alone. The others are "
        "lines that shardgen writes into the overlay.",
        "# docker-compose.yml\nservices:\n  baileys: {image: baileys}\n"
        "  baileys-2: {image: baileys}",
        "# docker-compose.yml\nservices:\n  baileys: {image: baileys}\n"
        "# docker-compose.prod.yml\nservices:\n  baileys-2: {image: baileys}",
    ),
    "SG722": make(
        "a shard whose name the naming rule does not give",
        "The router, the variables and the documents know a shard by its name: the first is NAME, "
        "the others are NAME-2, NAME-3. Another name is another container to compose.",
        "services:\n  baileys: {image: baileys}\n  baileys_two: {image: baileys}",
        "services:\n  baileys: {image: baileys}\n  baileys-2: {image: baileys}",
    ),
    "SG723": make(
        "two shards with one id",
        "An id belongs to one shard for ever: two services that state the same one would take each "
        "other's tenants.",
        'services:\n  baileys-2: {environment: {BAILEYS_SHARD_ID: "2"}}\n'
        '  baileys-3: {environment: {BAILEYS_SHARD_ID: "2"}}',
        'services:\n  baileys-2: {environment: {BAILEYS_SHARD_ID: "2"}}\n'
        '  baileys-3: {environment: {BAILEYS_SHARD_ID: "3"}}',
    ),
    "SG724": make(
        "a shard id that contradicts the name",
        "To the router baileys-2 is shard 2; the service itself says another number.",
        'services:\n  baileys-2: {environment: {BAILEYS_SHARD_ID: "3"}}',
        'services:\n  baileys-2: {environment: {BAILEYS_SHARD_ID: "2"}}',
    ),
    "SG725": make(
        "profiles that shards.yaml cannot state",
        "Every shard but the first has one profile, `service.profile`, or none; the first has "
        "those that the base gives it.",
        "services:\n  baileys-2: {profiles: [a]}\n  baileys-3: {profiles: [b]}",
        "services:\n  baileys-2: {profiles: [a]}\n  baileys-3: {profiles: [a]}",
    ),
    "SG726": make(
        "an anchor in a shard's lines that another service uses",
        "The lines of the shards become shardgen's, and what stands in them is gone with the next "
        "render. Another service must not depend on it.",
        "services:\n  baileys-2: {environment: &env {TZ: UTC}}\n  worker: {environment: *env}",
        "x-env: &env {TZ: UTC}\nservices:\n  baileys-2: {environment: *env}\n"
        "  worker: {environment: *env}",
    ),
    "SG727": make(
        "something that shards.yaml cannot state",
        "shards.yaml adds to what the base says, and removes from it; a variable without a value, "
        "or a key that it does not know in a healthcheck, has no words there.",
        "services:\n  baileys-2:\n    environment:\n      TZ:",
        "services:\n  baileys-2:\n    environment:\n      TZ: ${TZ}",
    ),
    "SG728": make(
        "shards that share a line with something else",
        "Markers stand around whole lines: where a line holds more than a shard, the rest of it "
        "would become shardgen's.",
        "services: {baileys-2: {image: baileys}, redis: {image: redis}}",
        "services:\n  baileys-2: {image: baileys}\n  redis: {image: redis}",
    ),
    "SG729": make(
        "two shards on one volume",
        "Two services on one volume destroy its state. That has to be put right before anything "
        "else, and only you know whose data is on it.",
        "services:\n  baileys: {volumes: [wa:/data]}\n  baileys-2: {volumes: [wa:/data]}",
        "services:\n  baileys: {volumes: [wa:/data]}\n  baileys-2: {volumes: [wa_shard2:/data]}",
    ),
    "SG730": make(
        "an overlay with markers, and no shards.yaml",
        "The markers say that shardgen wrote what is between them, from a shards.yaml that is not "
        "here.",
        "# shardgen:begin services\n# shardgen:end services",
        "git checkout -- shards.yaml",
    ),
    "SG731": make(
        "a shard without a volume of its own",
        "A shard keeps its state in a named volume. Without one there is nothing that tells one "
        "shard from another, and a folder of the host is no volume.",
        "services:\n  baileys-2: {volumes: [./data:/app/storage/whatsapp]}",
        "services:\n  baileys-2: {volumes: [whatsapp_auth_shard2:/app/storage/whatsapp]}",
    ),
    "SG732": make(
        "an anchor with the name of the shards' own",
        "What all shards share stands once in the overlay, as an anchor that is named after the "
        "service. A second one of that name would take its place.",
        "x-defaults: &baileys {restart: always}",
        "x-defaults: &defaults {restart: always}",
    ),
    "SG733": make(
        "a secret in the lines of a shard",
        "shards.yaml is committed, and so is what is made from it. A variable with the same value "
        "keeps the container as it is, and the secret out of the repository.",
        "services:\n  baileys-2: {environment: {INTERNAL_SECRET: s3cr3t-of-ours}}",
        'services:\n  baileys-2: {environment: {INTERNAL_SECRET: "${INTERNAL_SECRET}"}}',
    ),
    "SG734": make(
        "an overlay whose layout leaves no place for blocks",
        "What stands in a block is indented by two blanks or more, and so is what stands beside "
        "it. After the markers are put in, the file is read again, and has to say the same of "
        "everything that is no shard.",
        "services:\n baileys-2: {image: baileys}\n redis: {image: redis}",
        "services:\n  baileys-2: {image: baileys}\n  redis: {image: redis}",
    ),
    "SG735": make(
        "a consumer that sets a shard variable itself",
        "In compose, environment wins over env_file: the service would keep the old value when a "
        "shard is added. It is yours to change, because its lines are.",
        'services:\n  worker: {environment: {BAILEYS_NUM_SHARDS: "2"}}',
        "services:\n  worker: {env_file: [.env, .env.shards]}",
    ),
    "SG736": make(
        "a consumer in the overlay that does not receive the shard variables",
        "A file holds each service once, so that shardgen cannot add to one whose lines are yours.",
        "services:\n  worker: {env_file: [.env]}",
        "services:\n  worker: {env_file: [.env, .env.shards]}",
    ),
    "SG737": make(
        "a healthcheck whose tool is not in the image",
        "It fails for ever, so that the container never becomes healthy and what waits for it "
        "never starts. Nothing tells which other command would do.",
        "image: node:20-slim\nhealthcheck: {test: [CMD, curl, -f, $URL]}",
        "image: node:20-slim\nhealthcheck: {test: [CMD, node, check.js]}",
    ),
    "SG738": make(
        "another service on the volume of a shard",
        "Two services that write on one volume destroy its state. One that only reads, as a backup "
        "does, may see half of a change.",
        "services:\n  backup: {volumes: [whatsapp_auth:/data]}",
        "services:\n  backup: {volumes: [whatsapp_auth:/data:ro]}",
    ),
}
