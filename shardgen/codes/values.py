"""SG5..: names and values that are not legal where they end up."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
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
}
