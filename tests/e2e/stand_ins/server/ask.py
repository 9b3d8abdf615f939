"""Ask every shard that the router knows, and the service under its old URL, who it is."""

import json
import os
import socket
import urllib.error
import urllib.request

from server.whatsapp_shard_router import get_all_shard_urls


def answer(url):
    """Return what a shard says, or why it does not."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:
            return response.read().decode()
    except urllib.error.URLError as error:
        is_name = isinstance(error.reason, socket.gaierror)
        return "no such name" if is_name else f"no answer: {error.reason}"


urls = get_all_shard_urls()
print(json.dumps({
    "urls": urls,
    "shards": {shard: answer(url) for shard, url in urls.items()},
    "legacy": answer(os.environ["BAILEYS_BASE_URL"]),
}))
