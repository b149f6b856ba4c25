"""What holds for many at once on one node holds on three."""

from api.test_concurrency import *  # noqa: F403 — the same tests, with this folder's servers
from api.test_idempotency import *  # noqa: F403
