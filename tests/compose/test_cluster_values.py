"""What manifests make of compose's values is what compose itself makes of them, without an .env."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from shardgen.kubernetes.amounts import memory, seconds
from shardgen.kubernetes.interpolation import literal
from shardgen.kubernetes.words import words
from tests.kubernetes.server import expanded, quantity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compose.stacks import Compose

TEXTS = ("", "a b", "$$", "$$$$x", "$$(date)", "${A:-info}", "${A-}", "${A:-${B:-x}y}", "${A:-$$5}",
         "http://${A:-api}:${B:-5000}", "${A:-a}b${B:-}", "${A:-a:b-c?d}", "a}b", "${A:-{}x}", "${A:-{x}}y", "${A:-}}",
         3300, True, 0.5)  # fmt: skip
TIMES = ("1m30s", "90s", "1h", "500ms", "${A:-10s}")
SIZES = ("512m", "1g", "1.5gb", "64kb", "100b", "2GiB", "1048576")
COMMANDS = ("node server.js", "node 'a b.js' \"c d\"", "sh -c 'echo $$HOME'", "a\\ b c", "'' x")


def test_compose_reads_the_same(compose: Compose, tmp_path: Path) -> None:
    services: dict[str, object] = {
        "texts": {"image": "x", "environment": {f"T{i}": text for i, text in enumerate(TEXTS)}},
        **{f"time{i}": {"image": "x", "stop_grace_period": each} for i, each in enumerate(TIMES)},
        **{f"size{i}": {"image": "x", "mem_limit": each} for i, each in enumerate(SIZES)},
        **{f"words{i}": {"image": "x", "command": each} for i, each in enumerate(COMMANDS)},
    }
    tmp_path.joinpath("compose.yml").write_text(yaml.safe_dump({"services": services}))
    printed = compose.run(tmp_path, "config", "--format", "json", files=("compose.yml",))
    found = json.loads(printed)["services"]
    for index, text in enumerate(TEXTS):
        assert found["texts"]["environment"][f"T{index}"].replace("$$", "$") == literal(text), text
    for index, each in enumerate(TIMES):
        parts = re.findall("([0-9.]+)(h|ms|m|s)", found[f"time{index}"]["stop_grace_period"])
        units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
        total = sum(float(number) * units[unit] for number, unit in parts)
        assert seconds(each) - 1 < total <= seconds(each), each
    for index, each in enumerate(SIZES):
        assert quantity(memory(each)) == int(found[f"size{index}"]["mem_limit"]), each
    for index, each in enumerate(COMMANDS):
        given = [word.replace("$$", "$") for word in found[f"words{index}"]["command"]]
        assert [expanded(word) for word in words(each)] == given, each
