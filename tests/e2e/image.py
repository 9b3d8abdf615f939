"""This machine's busybox, python and node in; an image of them for stand-ins out, without a registry."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path
from typing import IO

from tests import needs

COMMANDS = Path(__file__).with_name("stand_ins") / "bin"
#: Parts of Python's library that no stand-in imports.
UNUSED = {"dist-packages", "ensurepip", "idlelib", "lib2to3", "site-packages", "test",
          "tkinter", "turtledemo"}  # fmt: skip
LIBRARY = re.compile(r"(/\S+) \(0x")


def build(name: str) -> None:
    """Make the image: every file where it is on this machine, and the commands in /bin."""
    settings = ("ENV PATH=/bin", 'CMD ["idle"]', f"LABEL {name}=")
    options = [part for setting in settings for part in ("--change", setting)]
    command = ["docker", "import", *options, "-", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as importing:
        assert importing.stdin is not None
        pack(importing.stdin)
    assert importing.returncode == 0


def remove(name: str) -> None:
    """Remove the image, and all that was built from it: they inherit its label.

    What others were built from can go only after them.
    """
    listed = ["docker", "image", "ls", "--quiet", "--filter", f"label={name}"]
    while found := set(subprocess.check_output(listed, text=True).split()):
        command = ["docker", "image", "rm", "--force", *found]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.stdout, done.stderr


def pack(stream: IO[bytes]) -> None:
    """Write the image as a tar."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    node = Path(needs.require("node")).resolve()
    busybox = Path(needs.require("busybox")).resolve()
    applets = subprocess.check_output([busybox, "--list"], text=True).split()
    with tarfile.open(fileobj=stream, mode="w|", dereference=True) as tar:
        for path in sorted({python, node, *standard_library(), *libraries(python, node, busybox)}):
            tar.add(path)
        tar.add(busybox, "bin/busybox")
        for command in COMMANDS.iterdir():
            tar.add(command, f"bin/{command.name}")
        links = {**dict.fromkeys(applets, "busybox"), "python": str(python), "node": str(node)}
        for name, target in links.items():
            if name != "busybox":
                add(tar, f"bin/{name}", tarfile.SYMTYPE, target)
        add(tar, "tmp", tarfile.DIRTYPE)


def standard_library() -> set[Path]:
    """Return the files of Python's library, and what its extensions load."""
    extensions = Path(sysconfig.get_config_var("DESTSHARED"))
    found: set[Path] = set()
    for root in (sysconfig.get_path("stdlib"), extensions):
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if is_used(name)]
            found |= {Path(folder, name) for name in names if is_used(name)}
    return found | libraries(*extensions.glob("*.so"))


def is_used(name: str) -> bool:
    """Return whether a part of Python's library may be imported, or is for building Python."""
    return name not in UNUSED and not name.startswith("config-") and not name.endswith(".a")


def libraries(*programs: Path) -> set[Path]:
    """Return the shared libraries that programs load, under the names by which they look for them."""
    done = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    return {Path(os.path.normpath(found)) for found in LIBRARY.findall(done.stdout)}


def add(tar: tarfile.TarFile, name: str, kind: bytes, target: str = "") -> None:
    """Add what is no file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, target, 0o1777
    tar.addfile(entry)
