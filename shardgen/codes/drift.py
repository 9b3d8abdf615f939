"""SG9..: what `check` finds: files that are not as shards.yaml says."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG901": make(
        "a generated file was edited by hand",
        "The next render would lose the edit, so it refuses to write the file. What the edit is "
        "for belongs into shards.yaml or into a template of your own.",
        "docker-compose.prod.yml   # restart: always, typed into the generated file",
        "shards.yaml   # service: {restart: always}, then shardgen render",
    ),
    "SG902": make(
        "an output is missing",
        "shards.yaml asks for the file and it is not there: it was deleted, left out of a commit, "
        "or never rendered. What reads it has an old fleet, or none.",
        "rm .env.shards",
        "shardgen render",
    ),
    "SG903": make(
        "an output is out of date",
        "shards.yaml, the base file or a template changed since the file was rendered. What runs "
        "from it does not know the fleet that shards.yaml describes.",
        "shards.yaml   # a shard was added, and nothing rendered",
        "shardgen render",
    ),
    "SG904": make(
        "a file is stale: no output makes it any more",
        "An output moved or was turned off, and its old file is still there. Whoever reads it "
        "reads a fleet that is never updated again.",
        "server/old_router.py   # outputs.router.path is another one now",
        "shardgen render   # it removes the file",
    ),
    "SG905": make(
        "what was committed to the ledger is not as it was written",
        "A committed migration, or the sum that lists them all, is not as it was written. A "
        "database may have applied what was committed, so it is never changed again.",
        "migrations/0002_pin.sql   # edited after it was committed",
        "git checkout -- migrations",
    ),
    "SG906": make(
        "the lock does not fit the files",
        "shardgen.lock says what was rendered, and from what. Where it is missing, damaged, forged "
        "or out of date, nobody can tell an edit of yours from what a render left.",
        "rm shardgen.lock",
        "shardgen render",
    ),
    "SG907": make(
        "a shard would change what its customers depend on",
        "Paired devices live on the shard's volume, and everything dials its service. Under "
        "another name both start empty, and every customer of the shard must pair again.",
        "shards:\n  - {id: 2, volume: other}   # it ran on whatsapp_auth_shard2",
        "shards:\n  - id: 2   # or move the data, and render with --allow-state-change 2",
    ),
    "SG908": make(
        "git does not track a file",
        "The file is here and in no commit, so another clone, and whatever is deployed from it, "
        "does not have it. A new migration is easily left out of a commit.",
        "git commit --all   # leaves migrations/0005_add_shard_3.sql out",
        "git add -f migrations/0005_add_shard_3.sql",
    ),
    "SG909": make(
        "a migration of the target branch is not kept",
        "It may be applied to a database already. What one branch committed stays byte for byte, "
        "and before all that another branch appends.",
        "rm -r migrations && shardgen render   # on a branch",
        "git restore --source=origin/main --staged --worktree -- migrations\n"
        "shardgen render --replan origin/main",
    ),
    "SG910": make(
        "a file that shardgen did not write is where an output goes",
        "To write it would lose a file of yours. Only you can say whether it may go.",
        "server/SSOT_SHARDING.md   # written by a person",
        "outputs: {docs: {path: docs/SHARDS.md}}   # or shardgen render --overwrite PATH",
    ),
    "SG911": make(
        "a file of yours cannot take its blocks",
        "Between its markers shardgen writes, around them you do. Where a marker is doubled, "
        "crossed, open or missing, or the file is no text, nobody can tell which is which.",
        "# shardgen:begin shards\nBAILEYS_NUM_SHARDS=2",
        "# shardgen:begin shards\nBAILEYS_NUM_SHARDS=2\n# shardgen:end shards",
    ),
    "SG912": make(
        "a file holds the conflict of a merge",
        "git left both versions in it for a person to choose. In an output there is nothing to "
        "choose: it is rendered anew from the merged shards.yaml.",
        "<<<<<<< HEAD\nBAILEYS_NUM_SHARDS=2\n=======\nBAILEYS_NUM_SHARDS=3\n>>>>>>> main",
        "shardgen render",
    ),
    "SG913": make(
        "nothing could be looked at",
        "The command line asks for what cannot be: a file that is not there, a commit that git "
        "does not have. Until that is mended nothing is proved, so it is no success.",
        "shardgen check --base origin/main   # in a clone that has one commit",
        "git fetch --depth=1 origin main:refs/remotes/origin/main",
    ),
}
