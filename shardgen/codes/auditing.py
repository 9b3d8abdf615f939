"""SG8..: what goes around the single source."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG801": make(
        "a call of the router without the shard",
        "The router then guesses by the fallback. A tenant who was moved or assigned lives "
        "elsewhere, and a change of the number of shards moves the guess: messages go to a shard "
        "that never paired the tenant's device.",
        "get_baileys_base_url(business.id)",
        "get_baileys_base_url(business.id, business.whatsapp_shard)\n"
        "get_baileys_base_url_for_business(business)",
    ),
    "SG802": make(
        "a shard variable read outside the router and config",
        "The router alone knows what the variables mean together: holes, retired shards, the "
        "fallback. What reads one by itself misses the next shard.",
        'url = os.environ["BAILEYS_BASE_URL"]',
        "url = get_baileys_base_url_for_business(business)\n"
        "for url in get_all_shard_urls().values(): ...",
    ),
    "SG803": make(
        "a literal shard host or URL",
        "It names one shard, today's. Tenants of the others get no answer, and a renamed or moved "
        "shard leaves it behind.",
        'requests.post("http://baileys:3300/send", json=message)',
        'requests.post(get_baileys_base_url_for_business(business) + "/send", json=message)',
    ),
    "SG804": make(
        "a literal shard port",
        "A port beside a shard's host is that of shards.yaml, typed a second time: a change there "
        "leaves it behind.",
        'connect(shard_host, port=3300)  # shard_host = "baileys-2"',
        "connect(get_baileys_base_url_for_business(business))",
    ),
    "SG805": make(
        "a literal shard volume name",
        "The volume holds what the tenants of one shard have paired. A name that is typed again "
        "misses the volumes of the other shards: a backup of it restores some tenants alone.",
        'backup("whatsapp_auth_shard2")',
        "# backup.sh.j2, an output of your own, rendered for every shard\n"
        "{% for shard in shards %}backup {{ shard.volume|name }}\n{% endfor %}",
    ),
    "SG806": make(
        "a variable that disagrees with shards.yaml",
        "An .env or an image that says something else than the rendered .env.shards wins wherever "
        "it is read later or alone: the router then routes by the wrong number of shards.",
        "BAILEYS_NUM_SHARDS=2   # shards.yaml lists three",
        "remove the line: .env.shards has it, and compose reads that for every consumer",
    ),
    "SG807": make(
        "an ignore without a reason",
        "Whoever finds the line in a year has to know why it may go around the single source. The "
        "codes stand in brackets, the reason after them.",
        "requests.get(url)  # shardgen: ignore[SG803]",
        "requests.get(url)  # shardgen: ignore[SG803] the smoke test asks shard 1 on purpose",
    ),
    "SG808": make(
        "an ignore that ignores nothing",
        "What it was for is gone, or was never found here. Left alone, it would hide the next "
        "finding of that code on this line.",
        'print("hello")  # shardgen: ignore[SG803] legacy',
        'print("hello")',
    ),
    "SG809": make(
        "a file that cannot be read or parsed",
        "It names the fleet, so it may go around the single source, but nobody can tell: nothing "
        "in it was audited.",
        "def send(business:   # baileys, and a syntax error",
        "def send(business):",
    ),
    "SG811": make(
        "a compose service or a script that names one shard only",
        "What is restarted, linked, backed up or configured is that shard alone. The others keep "
        "the old code or the old settings, and nothing says so.",
        "docker compose restart baileys   # in deploy.sh",
        "docker compose restart baileys baileys-2 baileys-3\n"
        "# or a template of your own, rendered for every shard\n"
        "docker compose restart {{ shards|map(attribute='service')|join(' ') }}",
    ),
    "SG812": make(
        "a command that deletes the volumes of shards",
        "The volumes hold what every tenant has paired. They cannot be made again: each tenant "
        "has to scan a code once more.",
        "docker compose down -v",
        "docker compose down",
    ),
    "SG813": make(
        "a wait or a health check that looks at one shard only",
        "One shard decides for all: while it is down nothing starts, although the tenants of the "
        "others could be served; while another one is down nothing is noticed.",
        "services:\n  api:\n    depends_on: [baileys]",
        "services:\n  api: {}   # the router raises or retries where one shard is down",
    ),
    "SG814": make(
        "a health check whose tool the image does not have",
        "The check fails for ever: the container never becomes healthy, and what waits for it "
        "never starts.",
        "image: node:20-slim\n"
        'healthcheck: {test: ["CMD", "wget", "-qO-", "http://127.0.0.1:3300/health"]}',
        "image: node:20-slim\n"
        "healthcheck:\n"
        "  test: [CMD, node, -e, \"fetch('http://127.0.0.1:3300/health')"
        '.then(r=>process.exit(r.ok?0:1))"]',
    ),
    "SG815": make(
        "two services on the volume of one shard",
        "Two processes that write one state destroy it, and every tenant of the shard has to pair "
        "again.",
        "services:\n  importer:\n    volumes: [whatsapp_auth:/data]",
        "services:\n  importer:\n    volumes: [importer_data:/data]",
    ),
    "SG816": make(
        "a compose command without the overlay or the profile",
        "Without the profile compose leaves out every shard but the first and says nothing; "
        "without the overlay the consumers lose the shard variables as well.",
        "docker compose up -d",
        "docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard "
        "up -d",
    ),
}
