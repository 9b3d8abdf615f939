"""A shard and what its health path answered in; whether it is well, and what is wrong, out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.status import answers
from shardgen.status.body import Sessions, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.model import Shard
    from shardgen.status.answers import Answer

OK, SLOW, REDIRECT, WRONG = "ok", "slow", "redirect", "wrong shard"
STATUS = "bad status"
#: A shard is well, and slow, after this part of the time that it has.
SLOW_PART = 0.5
DETAILS = {
    OK: "",
    SLOW: "slow: more than {part} s",
    STATUS: "the health path answers {status}",
    REDIRECT: "redirects to {location}, which is not followed",
    WRONG: "shard {stated} answers at the URL, so tenants reach the wrong one",
    answers.UNCONNECTED: "no connection within {seconds} s{more}",
    answers.UNANSWERED: "connected, but no answer came within {seconds} s",
    answers.ENDLESS: "status {status}, but the answer did not end within {seconds} s",
    answers.REFUSED: "refused: nothing listens at the URL",
    answers.UNNAMED: "the name in the URL is not known here{more}",
    answers.UNREACHABLE: "no way to the host of the URL{more}",
    answers.UNSAFE: "TLS failed{more}",
    answers.ALIEN: "what answers does not speak HTTP",
    answers.BROKEN: "the connection was closed before the answer was whole",
    answers.LONG: "the answer has more than 64 KB, which no health path needs",
    answers.UNASKABLE: "{url} is no URL that can be asked; write http://HOST:PORT",
    answers.FAILED: "the request failed{more}",
}
#: Who a URL says one is, also where the scheme before it was forgotten.
USER = re.compile(r"(//|^)[^/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: the shard's URL as the router has it, and that of its health path.

    `names` are the ids of the shards by the names of their services; `timeout` is in seconds.
    """

    shard: Shard
    url: str
    health_url: str
    names: Mapping[str, int]
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well a shard is: a kind, the same in a word or two, and in a sentence.

    `stated` is the shard that answered, where it says so.
    """

    kind: str
    word: str
    detail: str
    seconds: float
    status: int | None = None
    stated: int | None = None
    sessions: Sessions | None = None

    @property
    def is_well(self) -> bool:
        """Whether the shard does its work; a slow one does."""
        return self.kind in {OK, SLOW}

    @property
    def has_latency(self) -> bool:
        """Whether something answered, so that the time says how fast."""
        return self.status is not None and self.kind not in {answers.ENDLESS, answers.BROKEN}


def health(asked: Asked, answer: Answer) -> Health:
    """Return how well a shard is."""
    content = said(answer.body)
    stated = stated_id(asked, content.shard)
    kind = kind_of(asked, answer, stated)
    return Health(
        kind=kind,
        word=f"status {answer.status}" if kind == STATUS else kind,
        detail=detail(kind, asked, answer, stated),
        seconds=answer.seconds,
        status=answer.status,
        stated=stated,
        sessions=content.sessions,
    )


def stated_id(asked: Asked, stated: int | str | None) -> int | None:
    """Return the id that an answer states; None where it states none that can be compared."""
    if not asked.shard.knows_id:
        return None  # shards.yaml gives it another id than its own
    return asked.names.get(stated) if isinstance(stated, str) else stated


def kind_of(asked: Asked, answer: Answer, stated: int | None) -> str:
    """Return what an answer means."""
    if stated is not None and stated != asked.shard.id:
        return WRONG
    if answer.end != answers.ANSWERED:
        return answer.end
    status = answer.status or 0
    if 300 <= status < 400 and answer.location:
        return REDIRECT
    if not 200 <= status < 300:
        return STATUS
    return SLOW if answer.seconds > asked.timeout * SLOW_PART else OK


def detail(kind: str, asked: Asked, answer: Answer, stated: int | None) -> str:
    """Return what is wrong in a sentence, the same one for shards that have the same trouble."""
    return DETAILS[kind].format(
        seconds=f"{asked.timeout:g}",
        part=f"{asked.timeout * SLOW_PART:g}",
        more=f" ({answer.detail})" if answer.detail else "",
        status=answer.status,
        stated=stated,
        url=repr(shown_url(asked.url)),
        location=repr(shown_url(answer.location)[:80]),
    )


def shown_url(url: str) -> str:
    """Return a URL without the password that may be in it."""
    return USER.sub(r"\1", url, count=1)
