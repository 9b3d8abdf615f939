"""What became of one request, as data; the edge fills it in, and nothing here judges it."""

from __future__ import annotations

from dataclasses import dataclass

#: How a request ended. ANSWERED has a status, LONG and ENDLESS have one as well.
ANSWERED = "answered"
UNCONNECTED, UNANSWERED, ENDLESS = "no connection", "no answer", "no end"
REFUSED, UNNAMED, UNREACHABLE = "refused", "no such name", "unreachable"
UNSAFE, ALIEN, BROKEN, LONG = "TLS error", "not HTTP", "cut off", "too long"
UNASKABLE, FAILED = "bad URL", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a request ended, after how many seconds, and what the other side said.

    `detail` is what the machine says of an end without an answer; '' where there is no more to say.
    `location` is where a redirect leads.
    """

    end: str
    seconds: float
    status: int | None = None
    location: str = ""
    body: bytes = b""
    detail: str = ""
