"""What the schema cannot say: rules across keys and files, each a function to its diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.rules import (
    answers,
    basefile,
    characters,
    consumers,
    destinations,
    elsewhere,
    hosts,
    identity,
    lifecycle,
    names,
    optional,
    ports,
    secrets,
    settings,
    sharing,
    state,
    volumes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

RULES: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    identity.repeated_ids,
    identity.first_shard,
    identity.shared_volumes,
    identity.shared_urls,
    lifecycle.some_active,
    lifecycle.default_shard,
    lifecycle.move_targets,
    lifecycle.fallback_shards,
    lifecycle.weights,
    lifecycle.assignments,
    hosts.first_shard,
    hosts.known_hosts,
    hosts.addresses,
    hosts.host_ports,
    hosts.outputs,
    hosts.consumers,
    elsewhere.services,
    settings.compose_keys,
    settings.healthchecks,
    settings.shard_id_variable,
    basefile.base_file,
    basefile.without_base,
    basefile.network_mode,
    sharing.one_container,
    sharing.host_ports,
    sharing.fixed_addresses,
    answers.taken_names,
    answers.stated_names,
    answers.around_names,
    answers.without_alias,
    basefile.known_names,
    ports.listening,
    volumes.first_mount,
    volumes.other_services,
    volumes.passed_through,
    state.mounts_in_state,
    volumes.declared,
    volumes.external,
    volumes.driver_options,
    consumers.consumers,
    consumers.outside_of_blocks,
    consumers.variables_reach,
    destinations.own_outputs,
    destinations.places,
    destinations.claims,
    destinations.env_destination,
    destinations.templates,
    optional.optional,
    names.service_names,
    names.sql_names,
    names.python_names,
    characters.characters,
    characters.urls,
    characters.interpolation,
    secrets.secrets,
)
