"""What holds for many at once on one node holds on three. Fewer races than there, unless it is `make nodes`."""

import os

import api.test_concurrency
from api.test_concurrency import *  # noqa: F403 — the same tests, with this folder's servers
from api.test_idempotency import *  # noqa: F403

if "NODES_ROUNDS" not in os.environ:
    api.test_concurrency.RACES, api.test_concurrency.SECONDS = 150, 2.0
