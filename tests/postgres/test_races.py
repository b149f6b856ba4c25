"""What two at once could do twice, where several transactions run at the same time."""

import pathlib
import shutil

from lib.people import PASSWORD, fresh
from lib.server import Server, together


def test_first_set_ups_at_once_make_one(database, tmp_path):
    """Several hosts, one database, one key: one founds, the others are told that they came too late, and nothing else is."""
    for round_ in range(3):
        name = database.new()
        servers = []
        for i in range(4):
            folder = tmp_path / f"{round_}-{i}"
            folder.mkdir()
            servers.append(Server(folder, database=database.base + name, key_file=str(tmp_path / f"key-{round_}")))
        servers[0].cli("migrate")
        assert pathlib.Path(tmp_path / f"key-{round_}").exists()

        def found(i, servers=servers):
            return servers[i].cli(
                "setup", "--organization", f"Org {i}", "--email", f"olive{i}@example.org", "--given-name", "Olive",
                "--family-name", "Martin", "--password-stdin", stdin=PASSWORD, check=False)
        done = together(4, found)
        assert sorted(d.returncode for d in done) == [0, 1, 1, 1], [(d.returncode, d.stderr) for d in done]
        assert all(d.stderr.strip() for d in done if d.returncode)
        for table in ("organization", "membership", "account", "organization_owner", "api_key"):
            assert database.sql(f"SELECT count(*) FROM {table}", database=name) == [(1,)], table
        for s in servers:
            shutil.rmtree(s.folder)


def test_64_takers_never_exceed_an_hourly_limit(on_database, smtp):
    limits = {"rate_limits": "on", "invitations_per_hour": "20", "invitations_per_day": "1000"}
    server = on_database(**limits, database_connections=32)
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])

    def take(i):
        answer = key.twin().post("/organizations/bar/invitations", {
            "invitations": [{"email": fresh("rate"), "role": "member"} for _ in range(1 + i % 2)], "deliver": False})
        return answer.status, [r["outcome"] for r in answer["results"]] if answer.status == 200 else []
    answers = together(64, take)
    outcomes = sum((found for _, found in answers), [])
    print(f"\n{outcomes.count('invited')} invited, {outcomes.count('rate-limited')} rows refused, "
          f"{sum(status == 429 for status, _ in answers)} requests refused")
    assert outcomes.count("invited") == 20 and {status for status, _ in answers} <= {200, 429}
    assert server.query("SELECT count(*) FROM invitation") == [(20,)]


def test_64_asking_for_a_reset_send_five(on_database, smtp):
    server = on_database(rate_limits="on", database_connections=32)
    email = fresh("reset")
    server.setup("Bar", slug="bar", email=email)
    answers = together(64, lambda _: server.client().post("/password-resets", {"email": email}))
    assert {a.status for a in answers} <= {202, 429}
    smtp.resets(email, 5)
    smtp.settle(1.0)
    assert len(smtp.resets(email)) == 5
