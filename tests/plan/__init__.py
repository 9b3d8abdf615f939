"""Tests of `shardgen plan`: what a change means, and whether that is true."""
