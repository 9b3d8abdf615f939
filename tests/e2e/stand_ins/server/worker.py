"""The worker: it imports the router, and waits."""

import signal
import sys

import server.whatsapp_shard_router  # noqa: F401

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
