"""Wherever a test asks for a server, it gets three nodes behind HAProxy."""

import contextlib

import pytest

from lib.cluster import Cluster

pytest.register_assert_rewrite("api.test_concurrency", "api.test_idempotency", "attack.test_guessing")


@contextlib.contextmanager
def clusters(tmp_path_factory):
    made = []

    def make(**settings):
        made.append(Cluster(tmp_path_factory.mktemp("cluster"), cheap_passwords=True, **settings))
        return made[-1].start()

    try:
        yield make
    finally:
        for cluster in made:
            cluster.stop()


@pytest.fixture(scope="module")
def make_server(tmp_path_factory):
    with clusters(tmp_path_factory) as make:
        yield make


@pytest.fixture
def make_cluster(tmp_path_factory):
    """For one test: the database has only so many connections."""
    with clusters(tmp_path_factory) as make:
        yield make
