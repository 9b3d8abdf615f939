"""A script in; its commands as they will be run, as far as the script alone tells, out.

Variables that it sets once to a fixed text are filled in, loops over fixed words are written out,
and what it hands to another shell (`ssh host '…'`, `bash -c '…'`, `sh <<EOF`) is read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from shardgen.shell import Command, commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shardgen.shell import Loop
    from shardgen.shellwords import Word

#: Commands that run the command behind them.
WRAPPERS = frozenset(
    {"sudo", "exec", "time", "nohup", "command", "env", "nice", "timeout", "watch"}
)
SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
REFERENCE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?:\[[@*]\])?\}|(?P<plain>[A-Za-z_]\w*))")
RANGE = re.compile(r"\{([0-9]{1,4})\.\.([0-9]{1,4})\}")
#: A script inside a script inside a script: nobody writes more.
DEEPEST = 3
#: The mark of a word that comes from the list of a loop.
LISTED = -1
#: Loops that are written out become no longer than this.
MOST_ITEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command: its words with what is known filled in, without those that only run it.

    A word that came from a variable stands where the variable is used; one that came from the
    list of a loop stands in that list. `assigned` are the variables set before it. `is_waiting`
    says that it is in a loop that sleeps, or is the condition of one.
    """

    words: tuple[Word, ...]
    assigned: tuple[Word, ...]
    loops: tuple[Loop, ...]
    documents: tuple[tuple[int, int], ...]
    is_waiting: bool

    @property
    def name(self) -> str:
        """The command without its folder; '' where it only assigns, or is not known."""
        return self.words[0].text.rpartition("/")[2] if self.words else ""

    @property
    def is_fixed(self) -> bool:
        """Whether every word is known."""
        return all(word.is_fixed for word in self.words)


def steps(text: str, start: int = 0, end: int | None = None, depth: int = 0) -> list[Step]:
    """Return the steps of a script, which is a part of the text."""
    found = commands(text, start, end)
    values = fixed_values(found)
    sleeping = {each.loops[-1].start for each in found if each.loops and each.name == "sleep"}
    result = []
    for each in found:
        for known in turns(each, values):
            step = step_of(each, known, sleeping)
            result.append(step)
        if depth < DEEPEST:
            for first, last in handed_over(step):
                inside = steps(text, first, last, depth + 1)
                result += [replace(s, is_waiting=s.is_waiting or step.is_waiting) for s in inside]
    return result


def step_of(command: Command, known: Mapping[str, Sequence[Word]], sleeping: set[int]) -> Step:
    """Return one command with what is known filled in."""
    words = [new for word in command.words for new in filled(word, known)]
    at = 0
    while at < len(words) - 1 and (
        words[at].text in WRAPPERS or (at and is_argument(words[at].text))
    ):
        at += 1
    passed = [word for word in words[:at] if "=" in word.text]
    is_condition = any(loop.kind != "for" for loop in command.loops[-1:])
    is_waiting = is_condition or any(loop.start in sleeping for loop in command.loops)
    return Step(
        words=tuple(words[at:]),
        assigned=(*command.assigned, *passed),
        loops=command.loops,
        documents=command.documents,
        is_waiting=is_waiting and not is_reading(command.loops[-1:]),
    )


def is_argument(word: str) -> bool:
    """Return whether a word in front of a command belongs to what runs it."""
    return word.startswith("-") or "=" in word or bool(re.fullmatch(r"[0-9.]+[smh]?", word))


def is_reading(loops: Sequence[Loop]) -> bool:
    """Return whether the innermost loop goes over a list, and waits for nothing."""
    return bool(loops) and loops[0].kind == "for" and not loops[0].items


def fixed_values(found: Sequence[Command]) -> dict[str, tuple[Word, ...]]:
    """Return the variables that a script sets once, to a fixed text: name → words of it."""
    values: dict[str, tuple[Word, ...]] = {}
    changed: set[str] = set()
    for each in found:
        if each.name in {"read", "mapfile", "readarray"}:
            changed |= {word.text for word in each.words[1:]}
        assigned = [*each.assigned]
        if each.name in {"export", "readonly", "local", "declare", "typeset"}:
            assigned += [word for word in each.words[1:] if "=" in word.text]
        elif each.words:
            continue  # set for that command alone
        for name, words in assignments(assigned):
            if name in values or not all(word.is_fixed for word in words):
                changed.add(name)
            values[name] = words
    return {name: words for name, words in values.items() if name not in changed}


def assignments(words: Sequence[Word]) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """Yield name and value of each assignment; an array's values are its words."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        name, _, text = word.text.partition("=")
        if not text and word.is_fixed and not word.is_quoted:
            first = at
            while at < len(words) and not re.match(r"[A-Za-z_]\w*\+?=", words[at].text):
                at += 1
            yield name, tuple(words[first:at])
        else:
            is_fixed = word.is_fixed and not name.endswith("+")
            yield name.removesuffix("+"), (replace(word, text=text, is_fixed=is_fixed),)


def turns(
    command: Command, values: Mapping[str, Sequence[Word]]
) -> Iterator[Mapping[str, Sequence[Word]]]:
    """Yield what is known in each turn of the loops that a command stands in, and depends on."""
    used = {name for word in command.words for name in names_in(word)}
    lists = {name: words for name, words in loop_values(command.loops).items() if name in used}
    if prod(map(len, lists.values())) > MOST_ITEMS:
        lists = {}
    for chosen in product(*lists.values()):
        yield {**values, **{name: (word,) for name, word in zip(lists, chosen, strict=True)}}


def names_in(word: Word) -> list[str]:
    """Return the variables that a word refers to."""
    found = [] if word.is_fixed else REFERENCE.finditer(word.text)
    return [match["braced"] or match["plain"] for match in found]


def loop_values(loops: Sequence[Loop]) -> dict[str, tuple[Word, ...]]:
    """Return the variables of loops over fixed words: name → the words."""
    found = {}
    for loop in loops:
        items = [new for item in loop.items for new in ranged(item)]
        if items and len(items) <= MOST_ITEMS and all(item.is_fixed for item in items):
            found[loop.variable] = tuple(replace(item, inner=LISTED) for item in items)
    return found


def ranged(item: Word) -> list[Word]:
    """Return the words that a shell makes of `{1..3}`."""
    match = None if item.is_quoted else RANGE.fullmatch(item.text)
    if match is None or not int(match[1]) <= int(match[2]) < int(match[1]) + MOST_ITEMS:
        return [item]
    return [replace(item, text=str(n)) for n in range(int(match[1]), int(match[2]) + 1)]


def filled(word: Word, known: Mapping[str, Sequence[Word]]) -> list[Word]:
    """Return the words that a word becomes; itself where something in it is not known.

    What comes from the list of a loop stands in that list: the fault is there.
    """
    names = names_in(word)
    if not names or not all(name in known for name in names):
        return [word]
    first = known[names[0]]
    if REFERENCE.fullmatch(word.text) and (len(first) != 1 or not word.is_quoted):
        texts = first[0].text.split() if len(first) == 1 else [each.text for each in first]
    elif all(len(known[name]) == 1 for name in names):
        texts = [REFERENCE.sub(lambda m: known[m["braced"] or m["plain"]][0].text, word.text)]
    else:
        return [word]
    place = next((known[n][0] for n in names if [w.inner for w in known[n]] == [LISTED]), word)
    is_fixed = "$" not in "".join(texts) and "`" not in "".join(texts)
    return [
        replace(word, start=place.start, end=place.end, text=text, is_fixed=is_fixed, inner=None)
        for text in texts
    ]


def handed_over(step: Step) -> Iterator[tuple[int, int]]:
    """Yield where the scripts stand that a command hands to another shell."""
    if step.name in {"ssh", "su", "eval"} or (
        step.name in SHELLS and any(re.fullmatch(r"-\w*c", word.text) for word in step.words)
    ):
        last = step.words[-1]
        if last.inner is not None and len(step.words) > 1:
            yield last.inner, last.end - 1
    if step.name in {"ssh", "su", *SHELLS}:
        yield from (place for place in step.documents if place[1] > place[0])
