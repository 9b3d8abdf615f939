"""Makefiles and workflows: which lines of them are shell, and where a finding stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = "jobs:\n  a:\n    steps:\n"


def found(folder: Path, name: str, text: str) -> list[str]:
    """Return `code line:column underlined` of every finding in a file."""
    import json

    project = Project(folder, fleet(1, 2, 3))
    project.write(name, text)
    ran = project.run("audit", "--format", "json", name)
    lines = text.splitlines()
    return [
        f"{each['code']} {each['line']}:{each['column']} "
        + lines[each["line"] - 1][each["column"] - 1 : each["end_column"] - 1]
        for each in json.loads(ran.out)["findings"]
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\t@-docker restart baileys-2\n", ["SG811 2:19 baileys-2"]),
        ("a:\n\tX=$$$$ Y=$$Z curl http://baileys-2:3300/\n", ["SG803 2:20 http://baileys-2:3300"]),
        ("a:\n\tfor i in 1 2; do \\\n\t\tdocker restart baileys-$$i; \\\n\tdone\n", ["SG811 2:11 1", "SG811 2:13 2"]),
        ("a:\n\tfor i in 1 2 3; do docker restart baileys-$$i; done\n", []),
        ("a:\n\tdocker restart baileys-2\nb:\n\tdocker restart baileys-1 baileys-3\n",
         ["SG811 2:17 baileys-2", "SG811 4:17 baileys-1", "SG811 4:27 baileys-3"]),
        ("URL = http://baileys-2:3300\na:\n\techo \"$(URL)\"\n# curl http://baileys-2:3300\n", []),
        ("a:\n\tdocker compose up -d\n\tdocker compose down -v\n", []),
        ("a:\n\tdocker restart baileys-2 # shardgen: ignore[SG811] the canary\n", []),
    ],
)  # fmt: skip
def test_makefiles(text: str, expected: list[str], tmp_path: Path) -> None:
    assert found(tmp_path, "Makefile", text) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("      - run: docker restart baileys-2\n", ["SG811 4:29 baileys-2"]),
        ("      - name: x\n        run: |\n          a\n\n          docker restart baileys-2\n", ["SG811 8:26 baileys-2"]),
        ("      - run: >-\n          docker restart baileys-2\n        env: {A: baileys-1}\n", ["SG811 5:26 baileys-2"]),
        ("      - run: |\n          for i in 1 2; do\n            docker restart baileys-$i\n          done\n",
         ["SG811 5:20 1", "SG811 5:22 2"]),
        ("      - name: run\n        with: {x: http://baileys-2:3300}\n      - run:\n", []),
        ("      - run: docker compose down -v\n", []),
    ],
)  # fmt: skip
def test_workflows(steps: str, expected: list[str], tmp_path: Path) -> None:
    assert found(tmp_path, ".github/workflows/ci.yml", WORKFLOW + steps) == expected
