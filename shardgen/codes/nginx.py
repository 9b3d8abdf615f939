"""SG455 to SG459: what nginx is told, and could not do."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG455": make(
        "no variable for the nginx output",
        "The shard and the tenant of a request are each one variable of nginx, `$` and its name, "
        "and neither is one that the generated file defines.",
        "outputs: {nginx: {enabled: true, tenant: business_id}}",
        "outputs: {nginx: {enabled: true, tenant: $arg_business_id}}",
    ),
    "SG456": make(
        "a url for other requests that nginx cannot pass them to",
        "It is http:// or https://, a host and perhaps a port. The path is that of the request.",
        "outputs: {nginx: {enabled: true, otherwise: prosaas-api}}",
        "outputs: {nginx: {enabled: true, otherwise: http://prosaas-api:5000}}",
    ),
    "SG457": make(
        "the url of a shard has a path, and the nginx output is on",
        "nginx would replace the path of each request by that of the url.",
        "outputs: {nginx: {enabled: true}}\n"
        "shards: [{id: 1}, {id: 2, url: http://wa-2.example/wa}]",
        "outputs: {nginx: {enabled: true}}\n"
        "shards: [{id: 1}, {id: 2, url: http://wa-2.example:3300}]",
    ),
    "SG458": make(
        "no name server for nginx",
        "nginx asks for the addresses of the shards while it runs, at a host or an address, and "
        "perhaps a port.",
        "outputs: {nginx: {enabled: true, resolver: http://10.0.0.2}}",
        "outputs: {nginx: {enabled: true, resolver: 10.0.0.2}}",
    ),
    "SG459": make(
        "other requests would go to a shard",
        "A tenant of another shard is not known there, and would be paired a second time. What "
        "answers these requests knows all tenants: your API.",
        "outputs: {nginx: {enabled: true, otherwise: http://baileys-1:3300}}",
        "outputs: {nginx: {enabled: true, otherwise: http://prosaas-api:5000}}",
    ),
}
