"""Patterns that several tests use."""

import pathlib

import pytest

import attn_opt as ao

ROOT = pathlib.Path(__file__).resolve().parents[2]

LONGFORMER = """\
attn.pattern @longformer(%w: index, %g: index) {
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to %g
  %m = attn.union %near, %cols, %rows
  attn.yield %m
}
"""
CAUSAL = """\
attn.pattern @causal {
  %m = attn.causal
  attn.yield %m
}
"""


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def longformer():
    return ao.parse(LONGFORMER)


@pytest.fixture(scope="session")
def causal():
    return ao.parse(CAUSAL)
