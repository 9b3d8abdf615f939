"""The official schemas of Kubernetes take every manifest, also those that know no other key."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import needs
from tests.kubernetes.test_lives import MANIFESTS, made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kubernetes
STATES = ("{id: 1}", "{id: 1}, {id: 2, state: draining}, {id: 3}, {id: 4, state: retired}",
          ", ".join(f"{{id: {number}}}" for number in range(1, 101)))  # fmt: skip
RICH = ("namespace: whatsapp, storage_class: gp3, pull_secrets: [a], consumers: {tier: x}, "
        'run_as_user: 7, environment: {A: "${B}", C: null}, access_mode: ReadWriteOnce')  # fmt: skip


@pytest.fixture(scope="module")
def schemas() -> Any:
    """Return the schemas, each file of them read once."""
    found = needs.module("kubernetes_validate")
    found.utils.schema_contents = cache(found.utils.schema_contents)
    return found


@pytest.mark.parametrize("settings", ["form: per-shard", "form: single", RICH])
@pytest.mark.parametrize("shards", STATES, ids=["one", "states", "hundred"])
def test_the_last_five_versions(schemas: Any, tmp_path: Path, shards: str, settings: str) -> None:
    project = made(tmp_path, shards, settings)
    documents = list(filter(None, yaml.safe_load_all(project.read(MANIFESTS))))
    versions = schemas.utils.all_versions()[-5:]
    assert len(versions) == 5
    if len(documents) > 50:  # of a hundred alike, some: reading a schema is slow
        documents = [*documents[:8], *documents[-4:]]
    for version in versions:
        for strict in (False, True):
            for each in documents:
                assert schemas.validate(each, version, strict=strict) in version


def test_a_schema_can_refuse(schemas: Any, tmp_path: Path) -> None:
    text = made(tmp_path, "{id: 1}").read(MANIFESTS).replace("maxUnavailable", "maxUnavailble")
    documents = filter(None, yaml.safe_load_all(text))
    budget = next(each for each in documents if each["kind"] == "PodDisruptionBudget")
    with pytest.raises(schemas.ValidationError):
        schemas.validate(budget, schemas.utils.latest_version(), strict=True)
