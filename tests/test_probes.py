"""Which tool a healthcheck lacks in its image; and silence wherever that is not sure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.buildfile import lineage, stages
from shardgen.images import lacking
from shardgen.probes import missing_tool

CURL = "curl -fsS http://127.0.0.1:3300/health || exit 1"
WGET = ["CMD", "wget", "-qO-", "http://127.0.0.1:3300/health"]
SLIM = "FROM node:20-slim\nWORKDIR /app\n"


@pytest.mark.parametrize(
    ("test", "image", "tool"),
    [
        (WGET, "node:20-slim", "wget"),
        (WGET, "node:20-bookworm-slim", "wget"),
        (WGET, "docker.io/library/node:slim", "wget"),
        (WGET, "node:20-alpine", None),
        (WGET, "node:20", None),
        (WGET, "node", None),
        (["CMD-SHELL", CURL], "node:20-alpine3.19", "curl"),
        (["CMD-SHELL", CURL], "python:3.12-slim", "curl"),
        (CURL, "python:3.12-slim", "curl"),
        (CURL, "python:3.12", None),
        (["CMD", "node", "-e", "1"], "python:3.12", "node"),
        (["CMD", "node", "-e", "1"], "node:20-slim", None),
        (["CMD", "bash", "-c", "exit 0"], "alpine:3.20", "bash"),
        (["CMD", "sh", "-c", CURL], "alpine:3.20", "curl"),
        (["CMD", "redis-cli", "ping"], "redis:7-alpine", None),
        (["CMD", "curl", "x"], "redis:7", "curl"),
        (["CMD", "curl", "x"], "redis:7-alpine", "curl"),
        (["CMD", "curl", "x"], "redis:8", None),
        (["CMD", "curl", "x"], "nginx:1.27-alpine", None),
        (["CMD", "curl", "x"], "nginx:1.27-alpine-slim", "curl"),
        (["CMD", "wget", "x"], "nginx:1.27", "wget"),
        (["CMD-SHELL", "pg_isready -U app"], "postgres:16", None),
        (["CMD-SHELL", "curl x"], "postgres:16", "curl"),
        (["CMD-SHELL", "true"], "gcr.io/distroless/python3", "sh"),
        (["CMD", "/nodejs/bin/node", "x.js"], "gcr.io/distroless/nodejs20-debian12", None),
        (["CMD", "wget", "x"], "gcr.io/distroless/nodejs20-debian12:debug", None),
        (["CMD", "curl", "x"], "busybox:1.36", "curl"),
        (["CMD", "curl", "x"], "prom/prometheus:v2.53.0", "curl"),
        (["CMD", "curl", "x"], "registry.example/python:3.12-slim", None),
        (["CMD", "curl", "x"], "node:${TAG}", None),
        (["CMD", "curl", "x"], "node@sha256:abc", None),
        (["CMD", "curl", "x"], "golang:nanoserver-alpine", None),
        (["CMD", "curl", "x"], None, None),
        (["NONE"], "node:20-slim", None),
        (["CMD"], "node:20-slim", None),
        ([], "node:20-slim", None),
        (None, "node:20-slim", None),
        (["CMD", "/opt/tools/curl", "x"], "node:20-slim", None),
        (["CMD", "/usr/bin/curl", "x"], "node:20-slim", "curl"),
        (["CMD", "timeout", "5", "curl", "x"], "node:20-slim", "curl"),
        (["CMD", "$PROBE"], "node:20-slim", None),
        # A script with several ways.
        ("wget -q x || curl -f x || exit 1", "node:20-slim", "wget"),
        ("wget -q x || node probe.js", "node:20-slim", None),
        ("curl -f x || wget -q x", "node:20-alpine", None),
        ("curl -f x || true", "node:20-slim", None),
        ("curl -f x || exit 0", "node:20-slim", None),
        ("curl -f x || { echo down; exit 1; }", "node:20-slim", "curl"),
        ("node up.js && curl -f x", "node:20-slim", "curl"),
        ("cat /proc/1/status | grep x | curl -d @- x", "node:20-slim", "curl"),
        ("command -v curl && curl -f x", "node:20-slim", None),
        ("if test -f x; then curl -f x; fi", "node:20-slim", None),
        ("echo $(curl -f x)", "node:20-slim", None),
    ],
)
def test_of_an_image(test: Any, image: str | None, tool: str | None) -> None:
    assert missing_tool(test, image) == tool


@pytest.mark.parametrize(
    ("dockerfile", "tool"),
    [
        (SLIM, "wget"),
        (SLIM + "RUN apt-get update && apt-get install -y wget", None),
        (SLIM + "RUN apt-get update \\\n  && apt-get install -y \\\n # it is big\n  git wget", None),
        (SLIM + "RUN apt-get install -y --no-install-recommends ffmpeg chromium && rm -rf x", "wget"),
        (SLIM + "RUN apt-get install -y git ca-certificates", "wget"),
        # Without --no-install-recommends it may come along.
        (SLIM + "RUN apt-get install -y chromium", None),
        (SLIM + "RUN apt-get install -y $PACKAGES", None),
        (SLIM + "RUN ./install.sh", None),
        (SLIM + "RUN npx playwright install --with-deps", None),
        (SLIM + "RUN <<EOF\napt-get install -y tools\nEOF\n", None),
        (SLIM + "RUN npm ci --omit=dev && npm cache clean --force", "wget"),
        (SLIM + "COPY . .", "wget"),
        (SLIM + "COPY package.json ./", "wget"),
        (SLIM + "COPY --from=tools /usr/bin/wget /usr/bin/", None),
        (SLIM + "COPY bin/ /usr/local/bin/", None),
        (SLIM + "COPY --from=build / /", None),
        (SLIM + 'COPY ["rootfs", "/usr/"]', None),
        ("ARG NODE=20\nFROM node:${NODE}-slim\n", "wget"),
        ("ARG NODE\nFROM node:${NODE:-20}-slim\n", "wget"),
        ("ARG NODE\nFROM node:${NODE}-slim\n", None),
        ("FROM --platform=linux/amd64 node:20-slim AS a\nRUN apt install wget\nFROM A\nUSER x", None),
        ("FROM node:20 AS b\nRUN npm ci\nFROM node:20-slim\nCOPY --from=b /app /app\n", "wget"),
        ("FROM node:20-slim AS build\nFROM node:20\n", None),
        ("FROM registry.example/base\n", None),
        ("", None),
        ("RUN x\n", None),
        ("FROM\n", None),
    ],
)  # fmt: skip
def test_of_a_build(dockerfile: str, tool: str | None) -> None:
    assert missing_tool(WGET, None, dockerfile) == tool
    assert missing_tool(WGET, "our/name:1", dockerfile) == tool


def test_the_stage_that_is_built_counts() -> None:
    text = "FROM node:20-slim AS dev\nFROM dev AS prod\nRUN apt-get install -y wget\n"
    assert missing_tool(WGET, None, text, "dev") == "wget"
    assert missing_tool(WGET, None, text, "prod") is None
    assert missing_tool(WGET, None, text, "other") is None


@given(st.text(alphabet="cURl wget|&;()$`'\"\\\n#{}[]<>-=\tFROM", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    for test in (text, ["CMD-SHELL", text], ["CMD", text], ["CMD", "sh", "-c", text]):
        missing_tool(test, "node:20-slim")
        missing_tool(test, None, SLIM + text)
        missing_tool(test, None, text)
    lacking(text)
    lineage(text)
    assert isinstance(stages(text), list)
