"""Sends messages."""

import os

import requests

from server.whatsapp_shard_router import get_baileys_base_url, get_baileys_base_url_for_business

FALLBACK = "http://baileys:3300"


def send(business, text):
    url = get_baileys_base_url(business.id)
    return requests.post(f"{url}/send", json={"to": business.phone, "text": text})


def status(business):
    shards = int(os.environ["BAILEYS_NUM_SHARDS"])
    url = get_baileys_base_url_for_business(business)
    return requests.get(f"{url}/status", timeout=5).json(), shards


def announce(text):
    requests.post(FALLBACK + "/announce", json={"text": text})
    requests.post("http://baileys-2:3300/announce", json={"text": text})


def ping():
    return connect(host="baileys-3", port=3300)


def connect(host, port):
    # shardgen: ignore[SG803]
    return requests.get("http://baileys-1:3300/ping"), host, port
