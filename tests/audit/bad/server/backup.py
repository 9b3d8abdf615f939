"""Copies the state away."""

import subprocess

VOLUME = "whatsapp_auth_shard2"


def backup():
    subprocess.run(["backup", VOLUME], check=True)  # shardgen: ignore[SG803] nothing is here
