"""The service of the calls, which imports the router as the API does."""

from server.app import app

__all__ = ["app"]
