"""Every code of a diagnostic: what it means, why it is an error, and what is written instead."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code: a title, the reason in a few sentences, an example of wrong and of right."""

    title: str
    reason: str
    wrong: str
    right: str

    @property
    def explanation(self) -> str:
        """What `shardgen explain` says of the code, below its title."""
        return (
            f"{textwrap.fill(self.reason, width=88)}\n\n"
            f"Wrong:\n{textwrap.indent(self.wrong, '    ')}\n\n"
            f"Right:\n{textwrap.indent(self.right, '    ')}\n"
        )


def make(title: str, reason: str, wrong: str, right: str) -> Code:
    """Return a code; the table below is read without the names of the fields."""
    return Code(title=title, reason=reason, wrong=wrong, right=right)


CODES: dict[str, Code] = {
    "SG101": make(
        "the text is no YAML",
        "The file cannot be parsed: a bracket or quote that is not closed, a tab, indentation "
        "that fits no level, a character that YAML forbids, or nesting without end.",
        "shards: [{id: 1}",
        "shards: [{id: 1}]",
    ),
    "SG102": make(
        "a key stands twice",
        "YAML parsers silently take one of the two, and not all take the same one.",
        "service: {port: 3300, port: 3301}",
        "service: {port: 3301}",
    ),
    "SG103": make(
        "unknown key",
        "A key that shardgen does not know is nearly always misspelt or misplaced; to ignore it "
        "would leave a shard without what was meant. Keys of compose go under `compose:`.",
        "shards:\n  - id: 2\n    volum: whatsapp_auth_eu",
        "shards:\n  - id: 2\n    volume: whatsapp_auth_eu",
    ),
    "SG104": make(
        "an alias inside its own anchor",
        "A value that contains itself has no end.",
        "shards: &all [{id: 1}, *all]",
        "shards: [{id: 1}]",
    ),
    "SG105": make(
        "a YAML tag",
        "Tags let a file ask its reader for other types, or for code. shards.yaml needs none.",
        "restart: !!str no",
        'restart: "no"',
    ),
    "SG106": make(
        "a key that is not a string",
        "YAML reads keys such as 1, yes and null as numbers, booleans and nothing.",
        "environment: {8080: http}",
        "environment: {PORT_8080: http}",
    ),
    "SG107": make(
        "a merge key",
        "`<<` belongs to YAML 1.1 alone, and who wins differs between readers. What all shards "
        "share is stated once, under `service:`.",
        "shards:\n  - {<<: *big, id: 2}",
        "service: {limits: {memory: 1g}}\nshards:\n  - id: 2",
    ),
    "SG108": make(
        "aliases that unfold to too much",
        "Nested aliases can make millions of values of a few lines, which stops every tool that "
        "reads the file.",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]   # and so on",
        "write the values out",
    ),
    "SG109": make(
        "a value that YAML 1.1 and 1.2 read differently",
        "no, yes, on and off are booleans, 010 is 8 and 12:30 is 750 to readers of YAML 1.1, "
        "and text or other numbers to the rest.",
        "restart: no",
        'restart: "no"',
    ),
    "SG110": make(
        "the file is not UTF-8",
        "YAML files are UTF-8. Another encoding was used, often Latin-1 or UTF-16.",
        "a file saved as UTF-16",
        "the same file saved as UTF-8",
    ),
    "SG111": make(
        "the file is empty",
        "A shards.yaml states at least its version and one shard.",
        "# nothing but a comment",
        "version: 1\nshards:\n  - id: 1",
    ),
    "SG112": make(
        "the top of the file is not a mapping",
        "A shards.yaml is a mapping: version, shards, and what else is stated.",
        "- id: 1\n- id: 2",
        "version: 1\nshards:\n  - id: 1\n  - id: 2",
    ),
    "SG113": make(
        "a key is missing",
        "Some keys have no default, because a guess could be wrong.",
        "shards:\n  - state: draining",
        "shards:\n  - id: 1\n    state: draining",
    ),
    "SG114": make(
        "a value of another type",
        "The value is text where a number belongs, a list where a mapping belongs, or the like. "
        "Quotes make text; a key with nothing after it is null.",
        'service: {port: "3300"}',
        "service: {port: 3300}",
    ),
    "SG115": make(
        "a value that is not one of the possible ones",
        "The key takes one of a few words.",
        "shards:\n  - {id: 2, state: stopped}",
        "shards:\n  - {id: 2, state: draining}",
    ),
    "SG116": make(
        "a number out of range",
        "The number is below or above what it can be.",
        "service: {port: 70000}",
        "service: {port: 7000}",
    ),
    "SG117": make(
        "an empty value",
        "A list or text is empty where it needs at least one entry or character.",
        "routing: {fallback_shards: []}",
        "routing: {fallback_shards: [1, 2]}",
    ),
    "SG118": make(
        "a value that is too long",
        "Names have a greatest length where they end up.",
        "database: {table: a_name_of_more_than_63_characters_…}",
        "database: {table: business}",
    ),
    "SG119": make(
        "a value of another form",
        "Durations, sizes, restart policies, paths of URLs and images have a form that compose "
        "reads.",
        "stop_grace_period: 30 seconds",
        "stop_grace_period: 30s",
    ),
    "SG201": make(
        "a shard id that can be none",
        "Ids are 1 to 2147483647: the column is an INTEGER, and 0 means 'no shard' to callers.",
        "shards:\n  - id: 0",
        "shards:\n  - id: 1",
    ),
    "SG202": make(
        "no shard 1 beside a base file",
        "The service in the base file is shard 1; without that shard it would run unseen.",
        "shards:\n  - id: 2",
        "shards:\n  - id: 1\n  - id: 2",
    ),
    "SG203": make(
        "shard 1 is retired but the base defines it",
        "Compose would still run the service of the base file.",
        "shards:\n  - {id: 1, state: retired}\n  - id: 2",
        "service: {base: null, image: registry.example/baileys}\nshards:\n"
        "  - {id: 1, state: retired}\n  - id: 2",
    ),
    "SG204": make(
        "a shard id is used twice",
        "An id is one shard's for ever: service, volume and rows are found by it. Often two "
        "branches added a shard each.",
        "shards:\n  - id: 1\n  - id: 2\n  - id: 2",
        "shards:\n  - id: 1\n  - id: 2\n  - id: 3",
    ),
    "SG205": make(
        "a volume is shared by two shards",
        "Two services that write into one volume destroy what it holds: here, the paired devices "
        "of every customer. The volume of a retired shard is not used again either.",
        "shards:\n  - id: 1\n  - {id: 2, volume: whatsapp_auth}",
        "shards:\n  - id: 1\n  - {id: 2, volume: whatsapp_auth_eu}",
    ),
    "SG206": make(
        "a url is shared by two shards",
        "The router would send the tenants of both to one of them.",
        'shards:\n  - id: 1\n  - {id: 2, url: "http://baileys:3300"}',
        'shards:\n  - id: 1\n  - {id: 2, url: "http://wa-2.example:3300"}',
    ),
    "SG207": make(
        "move_to on an active shard",
        "move_to says where the tenants of a shard go that is left. An active shard keeps its own.",
        "shards:\n  - {id: 2, move_to: 1}",
        "shards:\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG208": make(
        "move_to names a shard that cannot take tenants",
        "The shard is not listed, is the same one, or is not active.",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 2}",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG209": make(
        "no shard is active",
        "A new tenant needs a shard to go to.",
        "shards:\n  - {id: 1, state: draining}",
        "shards:\n  - {id: 1, state: draining, move_to: 2}\n  - id: 2",
    ),
    "SG210": make(
        "the default shard is not active",
        "database.default_shard takes the new tenants for whom no shard is given. It is 1 unless "
        "stated.",
        "database: {default_shard: 4}\nshards: [{id: 1}, {id: 2}]",
        "database: {default_shard: 2}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG211": make(
        "fallback_shards names a shard that does not run",
        "A tenant whose hash picks that shard would reach nothing.",
        "routing: {fallback_shards: [1, 3]}\nshards: [{id: 1}, {id: 2}]",
        "routing: {fallback_shards: [1, 2]}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG212": make(
        "fallback_shards lists a shard twice",
        "The list is a set of shards; weights are no part of it.",
        "routing: {fallback_shards: [1, 2, 2]}",
        "routing: {fallback_shards: [1, 2]}",
    ),
    "SG213": make(
        "tenants are assigned to a shard that is not listed",
        "The database would refuse the rows.",
        "assign:\n  - {shard: 9, tenants: [101]}",
        "assign:\n  - {shard: 2, tenants: [101]}",
    ),
    "SG214": make(
        "tenants are assigned to a shard that takes none",
        "A draining or retired shard takes no new tenants.",
        "assign:\n  - {shard: 2, tenants: [101]}\nshards:\n  - id: 1\n  - {id: 2, state: draining}",
        "assign:\n  - {shard: 1, tenants: [101]}\nshards:\n  - id: 1\n  - {id: 2, state: draining}",
    ),
    "SG215": make(
        "a tenant is assigned twice",
        "A tenant lives on exactly one shard.",
        "assign:\n  - {shard: 1, tenants: [101]}\n  - {shard: 2, tenants: [101]}",
        "assign:\n  - {shard: 2, tenants: [101]}",
    ),
    "SG216": make(
        "a key under compose: that has a place of its own",
        "shardgen has to know the value, so it is stated where shardgen reads it.",
        "service: {compose: {image: registry.example/baileys}}",
        "service: {image: registry.example/baileys}",
    ),
    "SG217": make(
        "a healthcheck with path and test",
        "`path` makes the command, `test` is one: only one of them can be.",
        "healthcheck: {path: /health, test: [CMD, node, check.js]}",
        "healthcheck: {test: [CMD, node, check.js]}",
    ),
    "SG218": make(
        "a healthcheck test that compose does not take",
        "A list starts with CMD, CMD-SHELL or NONE, and the first two need a command.",
        "healthcheck: {test: [node, check.js]}",
        "healthcheck: {test: [CMD, node, check.js]}",
    ),
    "SG219": make(
        "a key under compose: that compose does not know",
        "Compose would refuse the overlay. Keys that start with x- are free; one that only a newer "
        "compose knows can stand in the base file, from which shards take it.",
        "compose: {stop_signl: SIGINT}",
        "compose: {stop_signal: SIGINT}",
    ),
    "SG220": make(
        "the shard id is set by hand",
        "shardgen sets it in each shard, from the id of the entry.",
        'service: {environment: {BAILEYS_SHARD_ID: "1"}}',
        "service: {environment: {}}",
    ),
    "SG221": make(
        "a healthcheck without a command",
        "`path` makes the command, or `test` is one.",
        "healthcheck: {interval: 10s}",
        "healthcheck: {path: /health, interval: 10s}",
    ),
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
        "Compose would look for shard 1's volume in another place than for the others'.",
        "service: {storage: {external: true}}   # the base: volumes: {whatsapp_auth: {}}",
        "service: {storage: {external: false}}",
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
    "SG401": make(
        "a destination outside the project",
        "shardgen writes below the folder of shards.yaml only.",
        "outputs: {docs: {path: ../docs/sharding.md}}",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG402": make(
        "a destination through a symlink",
        "A link may point anywhere, and to another place on another machine.",
        "outputs: {docs: {path: current/sharding.md}}   # current is a symlink",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG403": make(
        "a destination is claimed twice",
        "Two outputs would write to one file, or one needs a folder where the other has a file. "
        "Names that differ in case alone are one file on some machines.",
        "outputs:\n  docs: {path: OUT.md}\n  notes: {path: out.md, template: notes.j2}",
        "outputs:\n  docs: {path: OUT.md}\n  notes: {path: notes.md, template: notes.j2}",
    ),
    "SG404": make(
        "a destination is a file that shardgen reads",
        "To write it would destroy an input: shards.yaml, the base, a template, the lock.",
        "outputs: {compose: {path: docker-compose.yml}}",
        "outputs: {compose: {path: docker-compose.prod.yml}}",
    ),
    "SG405": make(
        "a folder where a file should be, or the other way round",
        "The destination cannot be written.",
        "outputs: {docs: {path: docs}}   # docs is a folder",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG406": make(
        "the env output is an env_file of the shards",
        "Every new shard changes that file, so that compose would recreate all shards.",
        "outputs: {env: {path: .env}}   # baileys has env_file: [.env]",
        "outputs: {env: {path: .env.shards}}",
    ),
    "SG407": make(
        "an output lacks its template or path",
        "An output of your own states both. An output of shardgen's may be misspelt.",
        "outputs: {inventory: {path: inventory.txt}}",
        "outputs: {inventory: {path: inventory.txt, template: inventory.j2}}",
    ),
    "SG408": make(
        "a template is not there",
        "Templates are files in your folder of templates.",
        "outputs: {inventory: {path: inventory.txt, template: inventroy.j2}}",
        "outputs: {inventory: {path: inventory.txt, template: inventory.j2}}",
    ),
    "SG409": make(
        "an output of a later version",
        "The name is kept for an output that this version does not make yet.",
        "outputs: {prometheus: {enabled: true}}",
        "outputs: {scrape_config: {path: scrape.yml, template: scrape.j2, format: yaml}}",
    ),
    "SG410": make(
        "templates outside their folder",
        "Templates are inputs of the project, so they are below its folder.",
        "templates: ../templates",
        "templates: templates",
    ),
    "SG501": make(
        "a name that compose or a host name cannot have",
        "service.name is a label of a host name and a part of variables and of Python functions: "
        "lower-case letters, digits and hyphens. Names of compose take letters, digits, '.', '_' "
        "and '-'.",
        "service: {name: Media_Service}",
        "service: {name: media-service}",
    ),
    "SG502": make(
        "a name that is no plain SQL name",
        "Schema, tables and columns are lower-case letters, digits and '_', so that no tool quotes "
        "them differently.",
        "database: {table: Business-Accounts}",
        "database: {table: business_accounts}",
    ),
    "SG503": make(
        "a name that no variable can have",
        "Variables are letters, digits and '_', without a digit first.",
        'environment: {"LOG LEVEL": info}',
        "environment: {LOG_LEVEL: info}",
    ),
    "SG504": make(
        "a name that no volume can have",
        "Docker's volumes are letters, digits, '.', '_' and '-', at least two of them.",
        "shards:\n  - {id: 2, volume: whatsapp auth 2}",
        "shards:\n  - {id: 2, volume: whatsapp_auth_2}",
    ),
    "SG505": make(
        "a path that nothing can be mounted at",
        "The mount is an absolute path in the container, without ':' and spaces.",
        "service: {storage: {mount: storage/whatsapp}}",
        "service: {storage: {mount: /app/storage/whatsapp}}",
    ),
    "SG506": make(
        "a name that no profile can have",
        "Profiles are letters, digits, '.', '_' and '-', at least two of them.",
        "service: {profile: multi shard}",
        "service: {profile: multi-shard}",
    ),
    "SG507": make(
        "a name that no output can have",
        "Outputs are named in lower-case letters, digits and '_'.",
        "outputs: {My-Inventory: {path: a.txt, template: a.j2}}",
        "outputs: {my_inventory: {path: a.txt, template: a.j2}}",
    ),
    "SG508": make(
        "a path that not every machine can have",
        "Paths are written with '/', without characters that some file systems refuse.",
        "outputs: {docs: {path: 'docs\\sharding.md'}}",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG509": make(
        "a '$' in a name",
        "Names, volumes and URLs also end up where nothing replaces variables: the router, SQL, "
        "the documentation.",
        'shards:\n  - {id: 2, volume: "${VOLUME}"}',
        "shards:\n  - {id: 2, volume: whatsapp_auth_eu}",
    ),
    "SG510": make(
        "a url that a shard cannot have",
        "http or https, a host, and if needed a port and a path: no user, no query, no fragment.",
        'shards:\n  - {id: 2, url: "wa-2.example:3300"}',
        'shards:\n  - {id: 2, url: "http://wa-2.example:3300"}',
    ),
    "SG511": make(
        "a character that may not stand here",
        "Control characters do not survive in files, shells and databases; line breaks only in "
        "values that compose passes on.",
        'labels: {"team\\nmessaging": x}',
        "labels: {team: messaging}",
    ),
    "SG512": make(
        "a '$' that compose cannot read",
        "Values reach compose as they are, where $NAME and ${NAME} are variables and $$ is a "
        "dollar sign.",
        'environment: {PRICE: "5 $"}',
        'environment: {PRICE: "5 $$"}',
    ),
    "SG513": make(
        "the names of the shards are too long",
        "`NAME-ID` is a label of a host name, which has at most 63 characters.",
        "service: {name: a-name-of-sixty-three-characters-…}",
        "service: {name: media}",
    ),
    "SG514": make(
        "a derived SQL name is too long",
        "PostgreSQL cuts names at 63 characters, and two cut names can be equal. Derived are "
        "COLUMN_registry, COLUMN_ledger and TABLE_COLUMN_fkey.",
        "database: {shard_column: a_column_of_sixty_characters_…}",
        "database: {shard_column: whatsapp_shard}",
    ),
    "SG515": make(
        "a name that no parameter in Python can have",
        "The router's functions have parameters named after the table and the shard column.",
        "database: {table: class}",
        "database: {table: course}",
    ),
    "SG516": make(
        "what looks like a token",
        "shards.yaml is committed, and what is rendered from it too. `${NAME}` reaches compose as "
        "it is. If an environment value is no secret, list its key in allow_plain.",
        "environment: {OPENAI_KEY: sk-…}",
        'environment: {OPENAI_KEY: "${OPENAI_KEY}"}',
    ),
    "SG517": make(
        "what looks like a private key",
        "A private key that is committed is no longer private.",
        'environment: {TLS_KEY: "-----BEGIN PRIVATE KEY-----…"}',
        'environment: {TLS_KEY: "${TLS_KEY}"}',
    ),
    "SG518": make(
        "a url that holds a password",
        "The password would be committed with the file.",
        'environment: {DATABASE_URL: "postgres://app:hunter2@db/app"}',
        'environment: {DATABASE_URL: "postgres://app:${DB_PASSWORD}@db/app"}',
    ),
    "SG519": make(
        "a variable that is named like a secret and has a literal value",
        "A key that says SECRET, TOKEN, PASSWORD or API_KEY most likely holds one.",
        "environment: {INTERNAL_SECRET: s3cr3t-value}",
        'environment: {INTERNAL_SECRET: "${INTERNAL_SECRET}"}',
    ),
    "SG520": make(
        "two things in the database have one name",
        "The shard column is a column of its own, and the table is not one that shardgen makes.",
        "database: {id_column: id, shard_column: id}",
        "database: {id_column: id, shard_column: whatsapp_shard}",
    ),
    "SG601": make(
        "a shard that is in the ledger is no longer listed",
        "A committed migration registered the shard, and tenants may live on it. Shards are never "
        "deleted, they are retired.",
        "shards:\n  - id: 1   # shard 2 was deleted",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG602": make(
        "a retired id comes back",
        "The id and the volume of a retired shard are never used again: rows, backups and logs "
        "still mean the old one.",
        "shards:\n  - id: 1\n  - id: 2   # was retired",
        "shards:\n  - id: 1\n  - {id: 2, state: retired}\n  - id: 3",
    ),
    "SG603": make(
        "table or column differ from the ledger",
        "Committed migrations name the table and the column; to rename them is a migration of your "
        "own, which shardgen cannot undo or repeat.",
        "database: {shard_column: wa_shard}   # the ledger says whatsapp_shard",
        "database: {shard_column: whatsapp_shard}",
    ),
    "SG604": make(
        "adopt counts a shard that is not listed",
        "database.adopt.shards says how many shards run today: 1 to that number. Each is listed.",
        "database: {adopt: {shards: 3}}\nshards: [{id: 1}, {id: 2}]",
        "database: {adopt: {shards: 2}}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG605": make(
        "tenants are assigned to a shard that the ledger does not have as active",
        "The migration would be refused by the database.",
        "assign:\n  - {shard: 2, tenants: [101]}   # shard 2 is draining in the ledger",
        "assign:\n  - {shard: 1, tenants: [101]}",
    ),
    "SG606": make(
        "the ledger is damaged",
        "A committed migration was changed, removed, renumbered or saved with other line ends. "
        "What was applied cannot be told any more.",
        "migrations/0002_pin.sql   # edited after it was committed",
        "git checkout -- migrations",
    ),
    "SG607": make(
        "the ledger cannot take this change",
        "The committed migrations and shards.yaml contradict each other in a way that no migration "
        "makes good, as a shard that is retired while tenants may live on it.",
        "shards:\n  - id: 1\n  - {id: 2, state: retired}   # was active yesterday",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG608": make(
        "the runner differs from the ledger's",
        "The first migration fixes the tool that applies all of them: the files' names, their "
        "transactions and the tool's own table of what is applied follow from it.",
        "database: {migrations: {runner: dbmate}}   # the ledger is for psql",
        "database: {migrations: {runner: psql}}",
    ),
    "SG701": make(
        "a template cannot be rendered",
        "It is no valid template, or it names a field that there is not. The fields are in the "
        "documentation.",
        "{{ fleet.shard_count }}",
        "{{ fleet.live | length }}",
    ),
    "SG702": make(
        "an output is not what its format says",
        "Every output is read back by a parser of its own language before anything is written.",
        "a template of format json that leaves a comma too many",
        "a template whose result the parser accepts",
    ),
    "SG703": make(
        "a template writes a value without quoting it",
        "A string that passed no quoting filter could end a quote in the output, and mean "
        "something else there.",
        "name: {{ fleet.service.name }}",
        "name: {{ fleet.service.name | yaml }}",
    ),
}
