"""Whatever a stack by hand looks like: it is adopted as it is, and its other lines stay (G4)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from shardgen import blocks
from tests.adopt.stacks import Stack
from tests.adopt.variants import Variant, variants
from tests.examples import examples

QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(QUIET, max_examples=examples(20))
@given(variants())
def test_a_stack_is_adopted_as_it_is(variant: Variant) -> None:
    is_adopted_as_it_is(variant)


@pytest.mark.slow
@settings(QUIET, max_examples=examples(200))
@given(variants())
def test_many_stacks_are_adopted_as_they_are(variant: Variant) -> None:
    is_adopted_as_it_is(variant)


def is_adopted_as_it_is(variant: Variant) -> None:
    """Adopt a stack, and look at what it left."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "project", variant.files)
        ran = stack.ok("adopt", "--exact", "--write")
        assert "what runs stays as it is" in ran.out
        assert tuple(stack.ids) == variant.ids
        stack.is_clean()
        text = stack.read("docker-compose.prod.yml")
        assert outside(text, variant.files["docker-compose.prod.yml"]) == variant.outside
        before = stack.contents()
        stack.ok("adopt")
        assert stack.contents() == before


def outside(text: str, before: str) -> str:
    """Return what stands outside of the blocks, without what the markers brought with them."""
    ending = "\r\n" if "\r\n" in before else "\n"
    end = f"# shardgen:end shared{ending}"
    rest = blocks.without(text.replace(end + ending, end, 1))
    return rest if "volumes:" in before else rest.removesuffix(f"{ending}volumes:{ending}")
