"""Values: any that compose takes means the same in a cluster, or is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen import quoting, readback
from shardgen.kubernetes import container, environment
from shardgen.kubernetes.amounts import memory, processors, seconds
from shardgen.kubernetes.cluster import Cluster
from shardgen.kubernetes.interpolation import Unclear, Variable, escaped, literal, meaning
from shardgen.kubernetes.omissions import omissions
from shardgen.kubernetes.probes import container_probes
from shardgen.kubernetes.words import words
from tests.kubernetes.server import expanded
from tests.worlds import *  # noqa: F403 - checked below

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")) | st.text(
    "$(){}AB_é\n\t '\"#:", max_size=14
)
MANY = settings(max_examples=300, deadline=None)
