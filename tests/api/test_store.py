"""The database underneath: durable, honest when the disk is full, as quick for many as for few."""

import sqlite3
import statistics
import time

import pytest

from lib.people import PASSWORD, World, fresh
from lib.spec import texts


def test_what_was_answered_is_there_after_a_kill(make_server):
    server = make_server(mail=None)
    org = World(server, None).found("Durable")
    ids = [org.invite(fresh(), deliver=False)["id"] for _ in range(20)]
    server.kill()
    server.start()
    client = server.client().sign_in(org.owner.email, PASSWORD)
    assert {i["id"] for i in client.items(org.path + "/invitations")} == set(ids)


def test_a_full_disk_is_a_clear_503_and_nothing_half_done(make_server):
    server = make_server(mail=None)
    org = World(server, None).found("Full")
    org.invite("before@example.org", deliver=False)
    server.stop()
    server.file_limit = (server.data / "parvis.db").stat().st_size + 200_000
    server.start()
    client = server.client()
    # sign-in itself writes: below the limit it still fits
    client.sign_in(org.owner.email, PASSWORD)
    refused, written = None, []
    for i in range(200):
        answer = client.post(
            org.path + "/invitations",
            {
                "invitations": [{"email": f"full{i}.{n}@example.org", "role": "member"} for n in range(50)],
                "deliver": False,
            },
        )
        if answer.status != 200:
            refused = answer
            break
        written += [r["email"] for r in answer["results"]]
    assert refused is not None, "the disk was never full"
    for language in ("en", "fr"):
        refused = client.twin(language).post(
            org.path + "/invitations",
            {
                "invitations": [{"email": f"full.{n}@example.org", "role": "member"} for n in range(50)],
                "deliver": False,
            },
        )
        refused.refused("unavailable", 503)
        assert refused["title"] == texts(language)["problem.unavailable.title"]
        assert refused.headers["Retry-After"]
    assert client.get("/me").status == 200, "reading goes on"
    server.stop()
    server.file_limit = None
    server.start()
    client = server.client().sign_in(org.owner.email, PASSWORD)
    there = {i["email"] for i in client.items(org.path + "/invitations", limit=200)}
    assert there == set(written) | {"before@example.org"}
    assert server.query("PRAGMA integrity_check") == [("ok",)]
    client.post(
        org.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}
    ).ok()


def test_one_writer_with_a_log_and_full_sync(server, world):
    world.found("Pragmas")
    connection = sqlite3.connect(f"file:{server.data}/parvis.db?mode=ro", uri=True)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    tables = [r for r in connection.execute("PRAGMA table_list") if r[2] == "table" and not r[1].startswith("sqlite_")]
    assert tables and all(r[5] == 1 for r in tables), "every table is STRICT"
    connection.close()


@pytest.mark.timed
def test_a_page_costs_the_same_in_a_large_organization(world):
    """No query a row, no scan: a page of 50 among 5,000 takes what it takes among 60."""
    small, large = world.found("Small"), world.found("Large")
    for org, count in ((small, 60), (large, 5000)):
        for at in range(0, count, 1000):
            rows = [{"email": fresh("n"), "role": "member"} for _ in range(min(1000, count - at))]
            org.api.post(org.path + "/invitations", {"invitations": rows, "deliver": False}).ok()

    def took(org):
        times = []
        for _ in range(15):
            at = time.perf_counter()
            org.api.get(org.path + "/invitations", limit=50).ok()
            times.append(time.perf_counter() - at)
        return statistics.median(times)

    assert took(large) < 5 * took(small) + 0.005  # a scan of 5,000 rows takes far more


@pytest.mark.timed
def test_five_hundred_organizations_are_no_five_hundred_queries(world):
    owner = world.found("Few").owner.prove(world.inbox)
    few = []
    for i in range(500):
        world.operator.post(
            "/organizations",
            {"name": f"N {i}", "owner": {"email": owner.email, "given_name": "Olive", "family_name": "Martin"}},
        ).ok(201)
    for _ in range(5):
        at = time.perf_counter()
        rows = owner.api.get("/me/memberships").ok()["items"]
        few.append(time.perf_counter() - at)
    assert len(rows) == 501
    at = time.perf_counter()
    for _ in range(20):
        owner.api.get("/me").ok()
    one = (time.perf_counter() - at) / 20
    assert statistics.median(few) < 60 * one + 0.05
