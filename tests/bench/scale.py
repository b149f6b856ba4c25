"""`make bench-scale`: what the hot paths cost as work grows: members, organizations, clients.

BENCH_SECONDS (here 2 unless set) a measurement; --engine sqlite|postgres for one alone; --small leaves the million out;
--markdown for docs/performance.md.
"""

import argparse
import base64
import os
import time

os.environ.setdefault("BENCH_SECONDS", "2")

import fixture  # noqa: E402
import rig  # noqa: E402

CLIENTS = (1, 16, 256)
SIZES = {"1,000 members": (1000, 0), "100,000 members": (100000, 0), "10,000 organizations of 10": (1000, 10000),
         "1,000,000 members": (1000000, 0)}
PAGE = "/api/v1/organizations/{org}/members?limit=50"
CHECK = '{"organization":"{org}","permission":"invitations.create"}'


class World:
    """A server that stands over a database of a given size, and who calls it."""

    def __init__(self, folder, engine, members, organizations):
        folder.mkdir()
        self.server = server = rig.Bench(folder / "server", engine).start()
        self.key = server.setup("Bench", slug="bench")["api_key"]
        server.stop()
        organization, password_hash = fixture.first_of(server)
        db = fixture.open_database(server)
        self.crowd = crowd = fixture.add_members(db, organization, members, password_hash)
        fixture.add_invitations(db, organization, members)
        sessions = [("bench", token) for token in fixture.add_sessions(db, crowd, 1000)]
        keys = fixture.add_organizations(db, organizations, 10, password_hash) or [("bench", self.key)]
        db.close()
        self.sessions, self.keys = folder / "sessions", folder / "keys"
        self.sessions.write_text("".join(f"{o} {s}\n" for o, s in sessions))
        self.keys.write_text("".join(f"{o} {k}\n" for o, k in keys))
        server.start()
        if members <= 100000:  # of a million it takes its time
            said = server.cli("check").stdout
            assert "sound" in said, said

    def load(self, path, callers, clients, body=None, **more):
        more |= {"BENCH_BODY": body} if body else {}
        load = rig.wrk(self.server.port, "request.lua", clients, pids=self.server.pids(), BENCH_PATH=path,
                       BENCH_CALLERS=callers, **more)
        if load.cpu > 2000:  # wrk has gone, the server is still at it: not on the next one's account
            time.sleep(0.5)
        return load

    def page(self, clients=16, more="", **others):
        return self.load(PAGE + more, self.keys, clients, **others)

    def invite(self, clients):
        self.marks = getattr(self, "marks", 0) + 1
        return rig.wrk(self.server.port, "invite.lua", clients, BENCH_CALLERS=self.keys, BENCH_MARK=f"i{self.marks}", BENCH_ROWS=1,
                       pids=self.server.pids())

    def cursor(self, sort):
        """Beyond half of the members, in the order of `sort`, as the server writes it."""
        crowd = self.crowd
        by = {"joined_at": lambda i: "", "email": lambda i: crowd.emails[i], "role": lambda i: "3",
              "family_name": lambda i: "\x1f".join(reversed(crowd.names[i])).lower()}[sort]
        i = sorted(range(crowd.count), key=by)[crowd.count // 2]
        return base64.urlsafe_b64encode(crowd.members[i] + by(i).encode()).rstrip(b"=").decode()


def by_clients(world):
    """{what: a figure for each number of clients}"""
    rows = {"permission check, session": [], "permission check, API key": [], "members, first page": [],
            "single invitation": []}
    for clients in CLIENTS:
        rows["permission check, session"].append(world.load("/api/v1/check", world.sessions, clients, CHECK))
        rows["permission check, API key"].append(world.load("/api/v1/check", world.keys, clients, CHECK))
        rows["members, first page"].append(world.page(clients))
        rows["single invitation"].append(world.invite(clients))
    return rows


def pages(world):
    """{what: the load}, at 16 clients"""
    email = world.crowd.emails[world.crowd.count // 3]
    asked = {
        "first page": "", "search, an address": "&q=" + email, "search, a rare word": "&q=" + email.split(".")[2].split("@")[0],
        "search, a family name": "&q=" + world.crowd.names[7][1], "search, two words": "&q=%s%%20%s" % world.crowd.names[7],
        "search, one letter": "&q=b", "search, everybody's domain": "&q=@example.org", "count": "&count=true",
        "search and count": "&count=true&q=" + world.crowd.names[7][1], "administrators": "&role=administrator",
        "sorted by family name": "&sort=family_name", "sorted by e-mail": "&sort=email", "sorted by role": "&sort=role",
    }
    asked |= {f"beyond half, by {sort}": f"&sort={sort}&cursor={world.cursor(sort)}"
              for sort in ("joined_at", "family_name", "email", "role")}
    short = {"seconds": max(1, rig.SECONDS // 2)}
    found = {"members: " + what: world.page(more=more, **short) for what, more in asked.items()}
    others = {"invitations": "invitations", "invitations, count": "invitations?count=true", "mail": "mail"}
    for what, path in others.items():
        found[what] = world.load("/api/v1/organizations/{org}/" + path, world.keys, 16, **short)
    preview = '{"invitations":[{"email":"new@example.org","role":"member"}]}'
    found["preview of an invitation"] = world.load("/api/v1/organizations/{org}/invitations/preview", world.keys, 16, preview, **short)
    return found


def measure(folder, engine, sizes, markdown):
    clients, listed = {}, {}
    for name, (members, organizations) in sizes.items():
        rig.progress(f"{engine}: {name}")
        world = World(folder / f"{engine}-{members}-{organizations}", engine, members, organizations)
        rig.progress("measuring")
        clients[name], listed[name] = by_clients(world), pages(world)
        world.server.stop()
    print(f"## {engine}, by clients: a second, p50, p99\n" if markdown else f"{engine}, by clients\n")
    rig.table(("what", "data", *(f"{c} clients" if c > 1 else "1 client" for c in CLIENTS)),
              [(what, name, *clients[name][what]) for what in next(iter(clients.values())) for name in clients], markdown)
    print(f"{engine}, 16 clients: a second, p50, p99, processor time a request; last: the most members' beside 1,000's\n")
    rows = []
    for what in next(iter(listed.values())):
        loads = [listed[name][what] for name in listed]
        ends = [listed[name][what] for name in listed if not sizes[name][1]]
        rows.append((what, *(f"{x}, {x.cpu:,.0f} µs" for x in loads), f"{ends[-1].cpu / max(ends[0].cpu, 1):.1f}"))
    rig.table(("what", *listed, "growth"), rows, markdown)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=rig.ENGINES)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    sizes = {k: v for k, v in SIZES.items() if v[0] < 1000000 or not options.small}
    for engine in rig.ENGINES:
        if options.engine in (None, engine):
            with rig.engine_in_folder(engine) as (folder, _):
                measure(folder, engine, sizes, options.markdown)
    rig.conclude()


if __name__ == "__main__":
    main()
