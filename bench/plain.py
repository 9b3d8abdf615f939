"""The script that a team writes without shardgen: jinja2 over a YAML file, and no check at all.

`python plain.py FOLDER` writes every template of FOLDER to its own path in the working directory.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: Delimiters that no output holds. A file whose name holds EACH is written once for each shard.
BLOCK = ("<%", "%>")
VARIABLE = ("<$", "$>")
EACH = "EACH"
#: The first shards are in the templates already.
STATIC = 3


def main(folder: str) -> None:
    import jinja2
    import yaml

    with open("shards.yaml", encoding="utf-8") as file:
        shards = yaml.load(file, Loader=yaml.CSafeLoader)["shards"][STATIC:]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        block_start_string=BLOCK[0],
        block_end_string=BLOCK[1],
        variable_start_string=VARIABLE[0],
        variable_end_string=VARIABLE[1],
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    for name in environment.list_templates():
        template = environment.get_template(name)
        for shard in shards if EACH in name else [{"id": ""}]:
            path = Path(name.replace(EACH, str(shard["id"])))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(template.render(shards=shards, shard=shard), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
