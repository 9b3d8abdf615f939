"""The API, as far as its healthcheck and its router go."""

import server.whatsapp_shard_router  # noqa: F401


def app(environ, start_response):
    """Answer that all is well."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
