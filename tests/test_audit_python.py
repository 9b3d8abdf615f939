"""The audit of Python: what goes around the router is found at its place, and nothing else is."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.audit import python
from shardgen.audit.inspection import Source, inspect
from shardgen.audit.page import read_page
from tests.audit_subjects import BASE, subject_of
from tests.audits import SHARDS, SUBJECT, audit, marks
from tests.examples import examples

ROUTER = "from server.whatsapp_shard_router import get_baileys_base_url as url_of\n"
ROW = "from server.whatsapp_shard_router import get_baileys_base_url_for_business as url_of\n"

#: Each line that is wrong ends with its codes in a comment: `#! SG801`.
WRONG = {
    "a name": "from server.whatsapp_shard_router import get_baileys_base_url\n"
    "get_baileys_base_url(5)  #! SG801 get_baileys_base_url",
    "another name": ROUTER + "url_of(tenant)  #! SG801 url_of",
    "a module": "import server.whatsapp_shard_router\n"
    "server.whatsapp_shard_router.get_baileys_base_url(5)"
    "  #! SG801 server.whatsapp_shard_router.get_baileys_base_url",
    "a module's other name": "import whatsapp_shard_router as r\n"
    "r.shard_for(5)  #! SG801 r.shard_for",
    "from its package": "from server import whatsapp_shard_router as r\n"
    "r.get_baileys_base_url(business_id=5)  #! SG801 r.get_baileys_base_url",
    "relative": "from .whatsapp_shard_router import shard_for\nshard_for(5)  #! SG801 shard_for",
    "relative, from the package": "from . import whatsapp_shard_router\n"
    "whatsapp_shard_router.shard_for(5)  #! SG801 whatsapp_shard_router.shard_for",
    "with a folder in front": "from backend.server.whatsapp_shard_router import shard_for\n"
    "shard_for(5)  #! SG801 shard_for",
    "all names": "from server.whatsapp_shard_router import *\nshard_for(5)  #! SG801 shard_for",
    "inside a function": "def send(b):\n"
    "    from server.whatsapp_shard_router import shard_for\n"
    "    return shard_for(b.id)  #! SG801 shard_for",
    "imported outside, called inside": ROUTER + "class A:\n  async def f(self, b):\n"
    "    return url_of(b.id)  #! SG801 url_of",
    "a global name": ROUTER + "def f():\n  global url_of\n"
    "  url_of(5)  #! SG801 url_of\n  url_of = None",
    "in a lambda": ROUTER + "f = lambda i: url_of(i)  #! SG801 url_of",
    "an alias": ROUTER + "ask = url_of\nask(5)  #! SG801 ask",
    "a module's attribute": "from server import whatsapp_shard_router as r\nask = r.shard_for\n"
    "ask(5)  #! SG801 ask",
    "a fallback beside": "try:\n  from server.whatsapp_shard_router import shard_for\n"
    "except ImportError:\n  shard_for = None\nshard_for(5)  #! SG801 shard_for",
    "imported by its name": "import importlib\n"
    "r = importlib.import_module('server.whatsapp_shard_router')\n"
    "r.shard_for(5)  #! SG801 r.shard_for",
    "a partial": "from functools import partial\n" + ROUTER + "ask = partial(url_of, 5)\n"
    "ask()  #! SG801 ask",
    "a partial in place": "import functools\n" + ROUTER
    + "functools.partial(url_of)(5)  #! SG801 functools.partial(url_of)",
    "map": ROUTER + "urls = list(map(url_of, ids))  #! SG801 url_of",
    "None": ROUTER + "url_of(5, None)  #! SG801 url_of",
    "None by name": ROUTER + "url_of(5, whatsapp_shard=None)  #! SG801 url_of",
    "zero": ROUTER + "url_of(5, 0)  #! SG801 url_of",
    "an id for the row": ROW + "url_of(42)  #! SG801 url_of",
    "an id's attribute": ROW + "url_of(business.id)  #! SG801 url_of",
    "an id's name": ROW + "url_of(business_id)  #! SG801 url_of",
    "int()": ROW + "url_of(int(text))  #! SG801 url_of",
    "behind umlauts": ROUTER + "x = 'äöü', url_of(5)  #! SG801 url_of",
    "environ": "import os\nos.environ['BAILEYS_BASE_URL']  #! SG802 'BAILEYS_BASE_URL'",
    "environ.get": "from os import environ as e\n"
    "e.get('BAILEYS_NUM_SHARDS', '1')  #! SG802 'BAILEYS_NUM_SHARDS'",
    "getenv": "from os import getenv\nx = getenv('BAILEYS_PORT')  #! SG802 'BAILEYS_PORT'",
    "a shard's": "import os\nos.getenv(f'BAILEYS_SHARD_{n}_URL')"
    "  #! SG802 f'BAILEYS_SHARD_{n}_URL'",
    "a sum": "import os\nos.getenv('BAILEYS_SHARD_' + n + '_URL')"
    "  #! SG802 'BAILEYS_SHARD_' + n + '_URL'",
    "a constant": "import os\nNAME = 'BAILEYS_SHARD_IDS'\nos.getenv(NAME)  #! SG802 NAME",
    "decouple": "from decouple import config\n"
    "config('BAILEYS_BASE_URL', default='')  #! SG802 'BAILEYS_BASE_URL'",
    "environs": "from environs import Env\nenv = Env()\n"
    "env.int('BAILEYS_NUM_SHARDS')  #! SG802 'BAILEYS_NUM_SHARDS'",
    "starlette": "from starlette.config import Config\nconfig = Config('.env')\n"
    "config('BAILEYS_PORT', cast=int)  #! SG802 'BAILEYS_PORT'",
    "a variable with its URL": "import os\n"
    "os.getenv('BAILEYS_BASE_URL', 'http://baileys:3300')  #! SG802 'BAILEYS_BASE_URL'",
    "a URL": "post('http://baileys:3300/send')  #! SG803 http://baileys:3300",
    "a shard's URL": "URL = 'http://baileys-2:3300'  #! SG803 http://baileys-2:3300",
    "another port": "URL = 'http://baileys-2:9100/metrics'  #! SG803 http://baileys-2:9100",
    "with a password": "URL = 'http://a:b@baileys:3300'  #! SG803 http://a:b@baileys:3300",
    "a shard that is not listed": "URL = 'http://baileys-9:3300'  #! SG803 http://baileys-9:3300",
    "another variable's default": "import os\n"
    "os.getenv('WA_URL', 'http://baileys:3300')  #! SG803 http://baileys:3300",
    "a list": "URLS = 'http://baileys-1:3300,http://baileys-2:3300'"
    "  #! SG803 http://baileys-1:3300 SG803 http://baileys-2:3300",
    "the naming rule": "f'http://baileys-{n}:3300/x'  #! SG803 http://baileys-\n".replace(
        "f'", "u = f'"
    ),
    "the rule with a port": "u = f'http://baileys-{n}:{port}'  #! SG803 http://baileys-",
    "the rule by %": "u = 'http://baileys-%d:3300' % n  #! SG803 http://baileys-%d:3300",
    "the rule by format": "u = 'http://baileys-{}:3300'.format(n)"
    "  #! SG803 http://baileys-{}:3300",
    "the rule by +": "u = 'http://baileys-' + str(n) + ':3300'  #! SG803 http://baileys-",
    "host and port": "ADDRESS = 'baileys-2:3300'  #! SG803 baileys-2:3300",
    "a host": "connect(host='baileys-2')  #! SG803 baileys-2",
    "a host in a dict": "d = {'hostname': 'baileys-1'}  #! SG803 baileys-1",
    "hosts": "SHARD_HOSTS = ['baileys-1', 'baileys-2']  #! SG803 baileys-1 SG803 baileys-2",
    "a default host": "def f(host='baileys-2'): pass  #! SG803 baileys-2",
    "host beside port": "connect(('baileys', 3300))  #! SG803 baileys SG804 3300",
    "host and port by name": "c(host='baileys-2', port=3300)  #! SG803 baileys-2 SG804 3300",
    "in a command": "import subprocess\nsubprocess.run('curl -sf http://baileys:3300/health && date',"
    "  #! SG803 http://baileys:3300\n  shell=True)",
    "a named port": "BAILEYS_PORT = 3300  #! SG804 3300",
    "a port's default": "def f(baileys_port=3300): pass  #! SG804 3300",
    "a port behind a host": "u = f'http://{baileys_host}:3300'  #! SG804 :3300",
    "a volume": "backup('whatsapp_auth_shard2')  #! SG805 whatsapp_auth_shard2",
    "the first volume": "VOLUME = 'whatsapp_auth'  #! SG805 whatsapp_auth",
    "a mount": "run(volumes=['whatsapp_auth:/data'])  #! SG805 whatsapp_auth",
    "a volume in a command": "import os\n"
    "os.system('docker volume rm prod_whatsapp_auth_shard2')"
    "  #! SG805 prod_whatsapp_auth_shard2",
}  # fmt: skip

RIGHT = {
    "the shard": ROUTER + "url_of(b.id, b.whatsapp_shard)",
    "the shard by name": ROUTER + "url_of(b.id, whatsapp_shard=b.whatsapp_shard)",
    "unknown keywords": ROUTER + "url_of(b.id, **options)",
    "unknown arguments": ROUTER + "url_of(*options)",
    "False, which the router refuses": ROUTER + "url_of(5, False)",
    "a row": ROW + "url_of(business)",
    "a row of a row": ROW + "url_of(message.business)",
    "a row from a call": ROW + "url_of(load(5))",
    "an id and the shard": ROW + "url_of(5, 2)",
    "nothing to tell": ROW + "url_of(x)",
    "a partial with the shard": "from functools import partial\n" + ROUTER
    + "ask = partial(url_of, whatsapp_shard=2)\nask(5)",
    "map with two lists": ROUTER + "map(url_of, ids, shards)",
    "another function of that name": "def get_baileys_base_url(x): ...\nget_baileys_base_url(5)",
    "another module's": "from elsewhere import get_baileys_base_url\nget_baileys_base_url(5)",
    "a module that ends alike": "from x.router import shard_for\nshard_for(5)",
    "a class's import is not its methods'": "class A:\n"
    "  from server.whatsapp_shard_router import shard_for\n"
    "  def f(self): return shard_for(5)",
    "arguments of that name": ROUTER + "def f(*url_of): return url_of(5)",
    "a name that is hidden": ROUTER + "def f(url_of):\n  return url_of(5)",
    "a class's name is not its methods'": "class A:\n"
    "  from server.whatsapp_shard_router import shard_for\n"
    "  def f(self, shard_for): return shard_for(5)",
    "all URLs": "from server.whatsapp_shard_router import get_all_shard_urls\nget_all_shard_urls()",
    "another variable": "import os\nos.getenv('BAILEYS_API_KEY')",
    "its own id": "import os\nos.getenv('BAILEYS_SHARD_ID')",
    "a variable that is set": "import os\nos.environ['BAILEYS_NUM_SHARDS'] = '2'",
    "another environment": "environ = {}\nenviron['BAILEYS_BASE_URL']",
    "another config": "config('BAILEYS_BASE_URL')",
    "a docstring": '"""Asks http://baileys:3300 for all."""',
    "an inner docstring": 'def f():\n  """http://baileys:3300"""',
    "a comment": "x = 1  # http://baileys:3300",
    "a message": "log.info('http://baileys:3300')",
    "a message with a part": "log.info(f'asked http://baileys-{n}:3300')",
    "a message that is formatted": "log.info('http://baileys-{}:3300'.format(n).strip())",
    "an error": "raise ValueError('http://baileys:3300')",
    "help": "option('--url', help='http://baileys:3300')",
    "a sentence": "TEXT = 'http://baileys:3300 is where it was once'",
    "in a sentence": "TEXT = 'it was at http://baileys:3300'",
    "a sentence that is built": "x = 'was at ' + y + 'http://baileys:3300'",
    "a name alone": "SERVICE = 'baileys'",
    "a name beside no port": "connect('baileys', 80)",
    "a name like one": "x = 'baileys-2-old'; host = 'baileys-20'",
    "another service": "u = 'http://prosaas-api:3300'",
    "another host": "u = 'http://baileys-2.example.com:3300'",
    "a part of a host": "u = 'http://my-baileys:3300'",
    "the name at another port": "u = 'http://baileys:9999'",
    "the rule at another port": "u = f'http://baileys-{n}:9999'; v = f'http://baileys-{n}/x'",
    "this machine": "u = 'http://localhost:3300'",
    "a label": "label = 'baileys-2'",
    "a number": "x = 3300",
    "another port of that name": "BAILEYS_PORT = 9999",
    "a port of something else": "u = f'http://{host}:3300'",
    "a word": "NAME = 'whatsapp_auth'",
    "a path": "x = 'whatsapp_auth/data'",
    "a table": "SELECT = 'select * from whatsapp_auth'",
}  # fmt: skip


def expected(text: str) -> list[tuple[str, int, str]]:
    """Return what the comments of a text say is found in it."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if "#!" in line:
            said = line.partition("#!")[2].strip()
            found += [
                (code, number, part) for code, part in re.findall(r"(SG\d+) (.+?)(?= SG\d|$)", said)
            ]
    return found


@pytest.mark.parametrize("name", WRONG)
def test_what_goes_around(name: str) -> None:
    text = WRONG[name]
    ast.parse(text)
    found = audit(text, "python")
    assert marks(text, found) == expected(text)


@pytest.mark.parametrize("name", RIGHT)
def test_what_does_not(name: str) -> None:
    ast.parse(RIGHT[name])
    assert audit(RIGHT[name], "python") == ()


@pytest.mark.parametrize(
    "path", ["tests/x.py", "server/tests/a/x.py", "test_x.py", "a/x_test.py", "conftest.py"]
)
def test_tests_are_left_alone(path: str) -> None:
    assert audit("u = 'http://baileys:3300'", "python", path) == ()


@pytest.mark.parametrize("path", ["server/config.py", "settings/prod.py", "conf.py"])
def test_configuration_may_read_variables_and_no_more(path: str) -> None:
    read = "import os\nURL = os.environ['BAILEYS_BASE_URL']\n"
    assert audit(read, "python", path) == ()
    found = audit(read + "U = 'http://baileys:3300'", "python", path)
    assert [each.code for each in found] == ["SG803"]


def test_the_service_itself_may_read_where_it_listens() -> None:
    base = BASE.replace("build: .", "build: {context: ./services/wa}")
    subject = subject_of(SHARDS, {"docker-compose.yml": base})
    for variable, path, codes in [
        ("PORT", "services/wa/app.py", []),
        ("PORT", "services/wall/app.py", ["SG802"]),
        ("BASE_URL", "services/wa/app.py", ["SG802"]),
    ]:
        text = f"import os\nx = os.environ['BAILEYS_{variable}']\n"
        assert [each.code for each in audit(text, "python", path, subject)] == codes, path
    read = "import os\nx = os.environ['BAILEYS_PORT']\n"
    assert [each.code for each in audit(read, "python", "app.py")] == ["SG802"]


def test_a_lookup_makes_every_call_right() -> None:
    call = Source(page=read_page(ROUTER + "url_of(5)", "a.py"), language="python")
    lookup = "from server.whatsapp_shard_router import use_shard_lookup as use\nuse({})\n"
    for text, path, codes in [
        (lookup.format("find"), "app.py", []),
        (lookup.format("None"), "app.py", ["SG801"]),
        (lookup.format("find"), "tests/app.py", ["SG801"]),
        ("use_shard_lookup = 1  # whatsapp_shard_router", "app.py", ["SG801"]),
        ("def f(:  # whatsapp_shard_router use_shard_lookup", "app.py", ["SG801", "SG809"]),
        ("def f(:  # whatsapp_shard_router use_shard_lookup", "test_app.py", ["SG801"]),
    ]:
        other = Source(page=read_page(text, path), language="python")
        found, _ = inspect([other, call], SUBJECT)
        assert sorted(each.code for each in found) == codes, text


def test_a_module_that_hands_the_router_on() -> None:
    init = "from .whatsapp_shard_router import get_baileys_base_url as shard_url, shard_for\n"
    star = "from server.whatsapp_shard_router import *\n"
    user = (
        "from server import shard_url\nfrom wa.urls import shard_for\nshard_url(5); shard_for(5)\n"
    )
    pages = [
        Source(page=read_page(text, path), language="python")
        for text, path in [(init, "server/__init__.py"), (star, "wa/urls.py"), (user, "x.py")]
    ]
    found, _ = inspect(pages, SUBJECT)
    assert [(each.code, each.file, each.column) for each in found] == [
        ("SG801", "x.py", 1), ("SG801", "x.py", 15)
    ]  # fmt: skip


def test_a_file_that_python_does_not_read() -> None:
    text = "def f(:\n    get_baileys_base_url(5)\n"
    assert marks(text, audit(text, "python")) == [("SG809", 1, ":")]
    assert audit("def f(:\n", "python") == ()
    assert audit("print 'baileys_x'  # baileys-x", "python") == ()


def test_stated_urls_and_retired_shards() -> None:
    subject = subject_of(
        SHARDS.replace("  - id: 2\n", "  - {id: 2, url: 'https://wa.example.com:8443'}\n")
        + "  - {id: 3, state: retired}\n"
    )
    found = audit(
        "A = 'https://wa.example.com:8443/x'\nB = 'https://wa.example.com/x'\n"
        "C = 'http://baileys-3:3300'\n",
        "python", subject=subject,
    )  # fmt: skip
    assert [(each.line, "retired" in each.message) for each in found] == [(1, False), (3, True)]


def test_a_volume_whose_name_ends_like_another() -> None:
    subject = subject_of(SHARDS.replace("- id: 2", "- {id: 2, volume: auth}"))
    text = "import os\nos.system('docker volume rm prod_whatsapp_auth x_auth')\n"
    found = audit(text, "python", subject=subject)
    assert [re.findall(r"shard \d", each.message) for each in found] == [["shard 1"], ["shard 2"]]


def test_a_port_that_a_url_need_not_say() -> None:
    files = {"docker-compose.yml": BASE.replace("3300", "80")}
    subject = subject_of(SHARDS.replace("{consumers", "{port: 80, consumers"), files)
    found = audit("u = 'http://baileys/x'\nv = 'https://baileys/x'\n", "python", subject=subject)
    assert [(each.code, each.line) for each in found] == [("SG803", 1)]


def test_every_message_says_what_goes_wrong_and_every_hint_what_to_write() -> None:
    for name, text in WRONG.items():
        for each in audit(text, "python"):
            assert re.search(r"no answer|nobody answers|no call|leaves|drifts|finds no|passes over"
                             r"|does not answer", each.message), (name, each)  # fmt: skip
            assert each.hint
            assert not each.message.endswith(".")


SNIPPETS = st.lists(st.sampled_from([*WRONG.values(), *RIGHT.values()]), max_size=3).map("\n".join)
WORDS = st.sampled_from([
    "baileys", "baileys-2", "http://", ":3300", "whatsapp_auth", "BAILEYS_", "'", '"', "f'", "{", "}",
    "(", ")", "\n", "    ", "import ", "os.environ[", "]", "ä", "\t", "\r", "\f", "\\", "#", "=", " + ",
    "get_baileys_base_url", "from server.whatsapp_shard_router import *\n", "shard_for(5)", "\x00",
    "lambda: ", "partial(", "\u2028", "%d", "'''",
])  # fmt: skip


@settings(max_examples=examples(100), deadline=None)
@given(st.one_of(st.lists(WORDS).map("".join), st.text(), SNIPPETS))
def test_no_text_stops_it_and_every_place_is_in_the_file(text: str) -> None:
    page = read_page(text, "server/send.py")
    for each in python.findings(page, SUBJECT):
        assert 1 <= each.line <= len(page.lines)
        length = len(page.lines[each.line - 1])
        assert 1 <= each.column <= length + 1
        assert each.width >= 1


class Anything:
    """Words that are in every text."""

    def are_in(self, text: str) -> bool:
        return True


EVERYTHING = replace(SUBJECT, words=Anything())  # type: ignore[arg-type]


@settings(max_examples=examples(80), deadline=None)
@given(st.one_of(st.lists(WORDS).map("".join), SNIPPETS))
def test_a_file_that_is_not_parsed_has_nothing_in_it(text: str) -> None:
    page = read_page(text, "server/send.py")
    found = [each for each in python.findings(page, EVERYTHING) if each.code != "SG809"]
    assert found == [each for each in python.findings(page, SUBJECT) if each.code != "SG809"]


@given(st.text(st.sampled_from("ab\r\n\x0b\u2028")), st.integers(0, 20))
def test_places_of_a_page(text: str, offset: int) -> None:
    page = read_page(text, "x")
    line, column = page.place(min(offset, len(text)))
    assert page.offset(line, column) == min(offset, len(text))
    assert page.text[page.offset(line) :].startswith(page.lines[line - 1])
    assert len(page.lines) == len(page.starts)


def nested(depth: int) -> str:
    return "x = " + "(" * depth + "'http://baileys:3300'" + ")" * depth


@pytest.mark.parametrize("text", [
    nested(90), nested(5000), "x = " + "-" * 30000 + "1  # baileys:3300",
    "x = " + " + ".join(["'baileys-2:33'"] * 5000),
    "a = 'baileys-2'" + ".a" * 20000,
    "\n".join("x = x.y  # BAILEYS_PORT" for _ in range(2000)) + "\nx.get('BAILEYS_PORT')",
])  # fmt: skip
def test_odd_shapes_end(text: str) -> None:
    audit(text, "python")


def test_a_deep_tree_is_read_to_its_end() -> None:
    """Each `elif` is one level deeper."""
    chain = "if a: pass\n" + "elif b: pass\n" * 900 + "elif c: u = 'http://baileys:3300'\n"
    assert [each.line for each in audit(chain, "python")] == [902]


def test_a_whole_package_of_others_has_nothing(pytestconfig: Any) -> None:
    """Real code that never heard of the fleet: the standard library."""
    folder = Path(ast.__file__).parent
    found = []
    for path in sorted(folder.glob("*.py")):
        page = read_page(path.read_text(encoding="utf-8", errors="replace"), path.name)
        found += python.findings(page, SUBJECT)
    assert found == []
