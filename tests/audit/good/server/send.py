"""Sends messages."""

import requests

from server.whatsapp_shard_router import (
    get_all_shard_urls,
    get_baileys_base_url,
    get_baileys_base_url_for_business,
)


def send(business, text):
    url = get_baileys_base_url(business.id, business.whatsapp_shard)
    return requests.post(f"{url}/send", json={"to": business.phone, "text": text})


def status(business):
    shards = len(get_all_shard_urls())
    url = get_baileys_base_url_for_business(business)
    return requests.get(f"{url}/status", timeout=5).json(), shards


def announce(text):
    for url in get_all_shard_urls().values():
        requests.post(url + "/announce", json={"text": text})


def ping():
    # shardgen: ignore[SG803] the smoke test asks shard 1 on purpose
    return requests.get("http://baileys-1:3300/ping")
