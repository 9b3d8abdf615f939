"""The text of a shell script in; its simple commands, with the place of every word, out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shardgen.shellwords import COMMENT, DEEPEST, OPERATOR, REDIRECTION, SPACE, Scanner, Word

#: Reserved words after which a command begins.
BEFORE = frozenset(
    {"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time", "coproc"}
)
#: Reserved words that end something, and may be followed by an operator alone.
CLOSING = frozenset({"fi", "done", "esac", "}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop: where it starts, its kind (`for`, `while`, `until`), and what a `for` goes over."""

    start: int
    kind: str
    variable: str = ""
    items: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A simple command: its words without redirections, and the assignments before them.

    `joined` is the operator between it and the command before, '' where that is none; `level`
    counts the groups and substitutions that it stands in. `documents` are the places of its
    here-documents.
    """

    words: tuple[Word, ...]
    assigned: tuple[Word, ...] = ()
    joined: str = ""
    level: int = 0
    loops: tuple[Loop, ...] = ()
    documents: tuple[tuple[int, int], ...] = ()

    @property
    def name(self) -> str:
        """The command's own word, '' where it only assigns."""
        return self.words[0].text if self.words else ""

    @property
    def start(self) -> int:
        """Where the command starts."""
        return (*self.assigned, *self.words)[0].start


@dataclass(slots=True, kw_only=True)
class Draft:
    """The command that is being read."""

    words: list[Word] = field(default_factory=list)
    assigned: list[Word] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)


def commands(text: str, start: int = 0, end: int | None = None, level: int = 0) -> list[Command]:
    """Return the simple commands of a script in their order, those of substitutions as well.

    `start` and `end` are the part of the text that is a script; places are those of the text.
    """
    return Reader(text, start, end, level).read()


class Reader(Scanner):
    """Reads commands; knows loops and `case`, and leaves the rest of the grammar to the shell."""

    def __init__(self, text: str, start: int, end: int | None, level: int) -> None:
        super().__init__(text, start, end)
        self.level = self.base = level
        self.found: list[Command] = []
        self.draft = Draft()
        self.joined = ""
        self.loops: list[Loop] = []
        #: How many groups are open inside each `case`: a `)` at 0 ends a pattern.
        self.cases: list[int] = []
        #: Here-documents whose text comes after this line: delimiter, are tabs cut, its number.
        self.pending: list[tuple[str, bool, int]] = []
        self.places: dict[int, tuple[int, int]] = {}

    def read(self) -> list[Command]:
        """Return the commands from here to the end."""
        while self.at < self.end:
            if self.match(SPACE) or (self.is_between() and self.match(COMMENT)):
                continue
            if redirection := self.match(REDIRECTION):
                self.redirect(redirection[1])
            elif operator := self.match(OPERATOR):
                self.operator(operator[0])
            elif word := self.word():
                self.take(word)
            else:
                self.at += 1
        self.finish("")
        return [
            replace(each, documents=tuple(self.places.get(n, (0, 0)) for (n, _) in each.documents))
            for each in self.found
        ]

    def is_between(self) -> bool:
        """Return whether a `#` here starts a comment."""
        return self.at == 0 or self.text[self.at - 1] in " \t\r\n;&|()"

    def finish(self, operator: str) -> None:
        """End the command that is being read, and remember what follows it."""
        draft, self.draft = self.draft, Draft()
        if draft.words or draft.assigned:
            self.found.append(
                Command(
                    words=tuple(draft.words),
                    assigned=tuple(draft.assigned),
                    joined=self.joined,
                    level=self.level,
                    loops=tuple(self.loops),
                    documents=tuple((number, 0) for number in draft.documents),
                )
            )
            self.joined = operator
        elif operator not in {"\n", "", "("}:
            self.joined = operator

    def operator(self, text: str) -> None:
        """Take an operator: it ends a command, and may open or close a group."""
        is_function = text == "(" and len(self.draft.words) == 1 and self.peek() == ")"
        if is_function:
            self.at += 1
            self.draft = Draft()
            return
        self.finish(text)
        if text == "(":
            self.level += 1
            if self.cases:
                self.cases[-1] += 1
        elif text == ")":
            self.level = max(self.base, self.level - 1)
            if self.cases:
                self.cases[-1] = max(0, self.cases[-1] - 1)
        elif text.startswith(";;") and self.cases:
            self.pattern()
        elif text == "\n" and self.pending:
            self.here_documents()

    def take(self, word: Word) -> None:
        """Take a word: reserved, an assignment, or a part of the command."""
        nested, self.nested = self.nested, []
        draft = self.draft
        if not draft.words and not draft.assigned and not word.is_quoted and self.reserved(word):
            return
        is_assignment = not draft.words and is_assigning(word)
        (draft.assigned if is_assignment else draft.words).append(word)
        if is_assignment and word.text.endswith("=") and self.peek() == "(":
            self.array()
        for start, end in nested:
            if self.level - self.base < DEEPEST and self.level < 2 * DEEPEST:
                inside = commands(self.text, start, end, self.level + 1)
                self.found += [replace(each, loops=(*self.loops, *each.loops)) for each in inside]

    def reserved(self, word: Word) -> bool:
        """Take a reserved word, and return whether it is one."""
        text = word.text
        if text in {"while", "until"}:
            self.loops.append(Loop(start=word.start, kind=text))
        elif text in {"for", "select"}:
            self.loop(word)
        elif text == "case":
            self.line_up_to({"in"})
            self.cases.append(0)
            self.pattern()
        elif text == "function":
            self.match(SPACE)
            self.word()
        elif text in {"[[", "(("}:
            self.draft.words += [word, *self.line_up_to({"]]"})]
        elif text in CLOSING:
            if text == "done" and self.loops:
                self.loops.pop()
            if text == "esac" and self.cases:
                self.cases.pop()
        elif text not in BEFORE:
            return False
        return True

    def loop(self, keyword: Word) -> None:
        """Take the head of a `for`, up to its `do`."""
        self.match(SPACE)
        name = self.word()
        items = [each for each in self.line_up_to({"do"}) if each.is_quoted or each.text != "in"]
        self.loops.append(
            Loop(
                start=keyword.start,
                kind="for",
                variable=name.text if name else "",
                items=tuple(items),
            )
        )

    def line_up_to(self, ends: set[str]) -> list[Word]:
        """Return the words up to one of `ends`, or the end of the line or command before it."""
        words = []
        while self.at < self.end and self.peek() not in {"\n", ";"}:
            if word := self.word():
                if word.text in ends and not word.is_quoted:
                    break
                words.append(word)
            else:
                self.at += 1
        return words

    def pattern(self) -> None:
        """Go behind the pattern of a `case`, unless the `case` ends."""
        while self.match(SPACE) or self.peek() == "\n" or self.match(COMMENT):
            self.at += self.peek() == "\n"
        if self.text.startswith("esac", self.at, self.end):
            return
        self.at += self.peek() == "("
        while self.at < self.end and self.peek() != ")":
            if not self.word():
                self.at += 1
        self.at = min(self.at + 1, self.end)

    def array(self) -> None:
        """Take the values of an array, as words of the assignment."""
        self.at += 1
        while self.at < self.end and self.peek() != ")":
            if word := self.word():
                self.draft.assigned.append(word)
            else:
                self.at += 1
        self.at = min(self.at + 1, self.end)

    def redirect(self, operator: str) -> None:
        """Take a redirection's target, which is no word of the command."""
        self.match(SPACE)
        target = self.word()
        self.nested = []
        if operator in {"<<", "<<-"} and target:
            number = target.start
            self.draft.documents.append(number)
            self.pending.append((target.text, operator == "<<-", number))

    def here_documents(self) -> None:
        """Go behind the here-documents whose commands the last line had."""
        pending, self.pending = self.pending, []
        for delimiter, is_cut, number in pending:
            start = self.at
            while self.at < self.end:
                line_start = self.at
                stop = self.text.find("\n", self.at, self.end)
                self.at = self.end if stop < 0 else stop + 1
                line = self.text[line_start : self.at].rstrip("\r\n")
                if (line.lstrip("\t") if is_cut else line) == delimiter:
                    self.places[number] = (start, line_start)
                    break
            else:
                self.places[number] = (start, self.end)


def is_assigning(word: Word) -> bool:
    """Return whether a word in front of a command assigns a variable."""
    name = word.text.partition("=")[0].removesuffix("+")
    return "=" in word.text and name.isidentifier() and name.isascii()
