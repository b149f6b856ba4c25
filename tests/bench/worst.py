"""What each route costs at its worst, and the thread that pays for it: part of `make costs`, or alone: worst.py [--markdown].

Every route of spec/ is called at the worst input that we could think of, in an organization with 20,000 members, 1,000 groups,
62 options and a batch of 1,000 invitations, by an owner with 500 organizations and 1,000 sessions, on SQLite. A route that is
named nowhere here is called with what its path needs and the largest page; a body that is named nowhere is the largest that is
read, of as many names as fit. What the threads used of a processor is read from /proc: an HTTP thread must be free again after
5 ms (others' answers wait for it), the writer after 20 ms; the pool's threads are there to be used.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import re
import statistics
import sys
import time

import fixture
import rig

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import pictures, spec  # noqa: E402

BARS = {"http": 5.0, "writer": 20.0}
THREADS = ("http", "pool", "heavy", "writer")
# Beyond the bar, and why that is borne.
BORNE = {
    ("create_invitations", "writer"): "a thousand invitations; one such job between two groups of small ones",
    ("invite_send_form", "writer"): "the same",
    ("administrators_send_form", "writer"): "the same",
    ("resend_batch", "writer"): "a thousand invitations and mails made anew; one such job between two groups of small ones",
    ("batch_resend_form", "writer"): "the same",
    ("link_batch", "writer"): "a thousand links made; one such job between two groups of small ones",
    ("update_members", "writer"): "fifty groups for two hundred members: ten thousand rows; one such job between two groups of small ones",
    ("members_change_form", "writer"): "the same",
}
RUNS, MEMBERS, GROUPS, ROWS, PLACES = 3, 20000, 1000, 1000, 500
MAX_BODY = 64 * 1024
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Threads:
    """Processor time of a process's threads, by their names."""

    def __init__(self, pid):
        self.tasks = pathlib.Path(f"/proc/{pid}/task")

    def read(self):
        used = collections.Counter()
        for task in self.tasks.iterdir():
            name = (task / "comm").read_text().strip()
            used[name] += int((task / "schedstat").read_text().split()[0]) / 1e6
        return used

    def during(self, work):
        """({thread: ms}, what work gave)"""
        before = self.read()
        gave = work()
        time.sleep(0.003)  # it goes to sleep, and its time is booked
        after = self.read()
        return {name: after[name] - before[name] for name in THREADS}, gave


def operations():
    """(face, pattern, method, row, parameters) of every route."""
    for face, name in (("api", "openapi.yaml"), ("console", "console.yaml")):
        document = spec.document(name)
        for pattern, item in document["paths"].items():
            for method, row in item.items():
                if method != "parameters":
                    given = [follow(document, p) for p in item.get("parameters", []) + row.get("parameters", [])]
                    yield face, pattern, method.upper(), row, given


def follow(document, node):
    while isinstance(node, dict) and "$ref" in node:
        found = document
        for part in node["$ref"][2:].split("/"):
            found = found[part]
        node = found
    return node


class House:
    """An organization in which everything is as large as it may be."""

    def __init__(self, folder):
        self.server = server = rig.Bench(folder / "server", signup="on")
        server.start()
        made = server.setup("Bench", slug="bench")
        self.key = made["api_key"]
        self.owner = server.query("SELECT id, email FROM account")[0]
        server.stop()
        organization, password_hash = fixture.first_of(server)
        db = fixture.open_database(server)
        self.crowd = fixture.add_members(db, organization, MEMBERS, password_hash)
        token = self.add_sessions(db, 1000)
        db.close()
        server.start()
        self.api = server.client(key=self.key)
        self.session = server.client()
        self.session.cookies["parvis_session"] = token
        self.fill()

    def add_sessions(self, db, count):
        at, owner = fixture.now(), self.owner[0]
        made = [(i, *fixture.secret(i)) for i in fixture.ids(count, at - fixture.DAY, 1)]
        agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
        db.copy("session", ("id", "account_id", "secret_hash", "created_at", "expires_at", "seen_at", "user_agent", "source"),
                ((i, owner, kept, at, at + 20 * fixture.DAY, at, agent, "192.0.2.7") for i, _, kept in made))
        return made[0][1]

    def fill(self):
        path, api = "/organizations/bench", self.api
        for n in range(GROUPS):
            group = api.post(path + "/groups", {"name": f"Group {n:04}"}).ok().json
        for n in range(62):
            option = api.post(path + "/entitlements", {"key": f"option-{n:02}", "name": {"fr": f"Choix {n:02}", "en": f"Option {n:02}"}}).ok().json
        rows = [{"email": f"linked.{n}@example.org", "role": "member"} for n in range(ROWS)]
        made = api.post(path + "/invitations", {"invitations": rows, "deliver": False}).ok().json
        for n in range(PLACES):
            self.server.operator.post("/organizations", {"name": f"Place {n:03}", "slug": f"place-{n}", "owner": {"email": self.owner[1], "given_name": "Olive", "family_name": "Martin"}}).ok()
        self.groups = [g["id"] for g in api.get(path + "/groups?limit=50").ok()["items"]]
        self.members = [m["id"] for m in api.get(path + "/members?limit=200&role=member").ok()["items"]]
        self.turns = itertools.count()
        member = self.members[0]
        self.ids = {"org": "bench", "group": group["id"], "entitlement": option.get("id") or option["key"], "member": member,
                    "batch": made["batch"]["id"] if isinstance(made["batch"], dict) else made["batch"],
                    "invitation": made["results"][0]["invitation"]["id"], "theme": "1f5f5b.css", "token": "x" * 86,
                    "organization": api.get(path).ok()["id"]}
        self.items = [{"email": f"person.{n}@example.org", "temporary_password": "k7mp-2xwq-9dfh-t4nc", "locale": "fr",
                       "expires_at": "2026-11-24T09:30:00Z"} for n in range(ROWS)]

    # ---- what is sent

    def target(self, pattern, given, query=""):
        path = re.sub(r"\{(\w+)\}", lambda m: self.ids.get(m[1], "nothing"), pattern)
        asked = {p["name"]: p["schema"] for p in given if p["in"] == "query"}
        if not query and "limit" in asked:
            query = f"limit={asked['limit'].get('maximum', 200)}" + ("&count=true" if "count" in asked else "")
        return path + ("?" + query if query else "")

    def body(self, name, face, row):
        """(content type, bytes) for a route with a body."""
        known = self.bodies().get(name)
        if known is not None:
            return known
        content = follow(spec.document("openapi.yaml" if face == "api" else "console.yaml"), row.get("requestBody") or {}).get("content")
        if not content:
            return None, None
        media, most = next(iter(content)), row.get("x-max-body", MAX_BODY)
        if media == JSON:
            pairs = ",".join(f'"{n:x}":1' for n in range(most // 9))[: most - 200]
            return media, ("{" + pairs[: pairs.rindex(",")] + "}").encode()
        if media == FORM:
            return media, "&".join(f"{n:x}=1" for n in range(1990)).encode()
        return media, b"x" * most

    def bodies(self):
        addresses = [f"bulk.{n}.{time.monotonic_ns()}@example.org" for n in range(ROWS)]
        rows = json.dumps({"invitations": [{"email": e, "role": "member"} for e in addresses]}).encode()
        form = f"addresses={'%0A'.join(addresses)}&role=member&step=preview".replace("@", "%40").encode()
        sheets = "&".join(f"email=person.{n}%40example.org&temporary_password=k7mp-2xwq-9dfh-t4nc&password=k7mp-2xwq-9dfh-t4nc&locale=fr"
                          "&expires_at=2026-11-24T09:30:00Z" for n in range(ROWS // 3)).encode()
        part = b"--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
        picture = self.picture()
        adds = next(self.turns) % 2 == 0
        many = json.dumps({"members": self.members, "groups_add" if adds else "groups_remove": self.groups}).encode()
        ticked = "&".join(f"member={m}" for m in self.members)
        change = f"{ticked}&action=options&confirmed=on&" + "&".join(f"group={g}={'add' if adds else 'take'}" for g in self.groups)
        return {"update_members": (JSON, many), "members_change_form": (FORM, change.encode()), "members_remove_form": (FORM, ticked.encode()),
                "create_invitations": (JSON, rows), "preview_invitations": (JSON, rows), "make_password_sheets": (JSON, json.dumps({"items": self.items}).encode()),
                "invite_sheets_form": (FORM, sheets), "invite_step_form": (FORM, form), "invite_check": (FORM, form), "invite_send_form": (FORM, form),
                "administrators_step_form": (FORM, form), "administrators_send_form": (FORM, form),
                "put_logo": ("image/png", picture), "settings_logo_form": ("multipart/form-data; boundary=x", part + picture + b"\r\n--x--\r\n"),
                "link_batch": (JSON, b"{}"), "batch_links_form": (FORM, b""), "resend_batch": (JSON, b"{}"), "batch_resend_form": (FORM, b""),
                "check": (JSON, b'{"organization":"bench","permission":"invitations.create"}')}

    @staticmethod
    def picture():
        return pictures.png(2000, 2000)

    # ---- measuring

    def caller(self, face, row):
        if row.get("x-access") == "operator":
            return self.server.operator
        return self.session

    def once(self, face, pattern, method, row, given):
        name = row["operationId"]
        media, sent = self.body(name, face, row)
        path = self.target(pattern, given, QUERIES.get(name, ""))
        headers = {"Host": f"127.0.0.1:{self.server.port}", "Origin": f"http://127.0.0.1:{self.server.port}"}
        if media:
            headers["Content-Type"] = media
        client = self.caller(face, row)

        def ask():
            try:
                return client.send(method, path, sent, headers)
            except OSError as trouble:
                sys.exit(f"{name}: {trouble!r}")
        return ask


SEARCH = "q=" + "+".join("ba de fi go lu ma ne pi ro sa te vi zo an el or".split()) + "&limit=200&count=true"
QUERIES = {"list_members": SEARCH, "members_page": "q=ba+de+fi+go+lu+ma+ne", "server_show_account": "email=olive.martin%40example.org",
           "server_export_account": "email=olive.martin%40example.org"}
# They end what the others need, or go out into the world.
LAST = ("invitation_switch_form", "sign_out", "sign_out_form", "revoke_my_sessions", "me_sessions_end_form", "close_me", "me_close_form", "leave_organization", "leave_form",
        "transfer_ownership", "transfer_form", "remove_member", "member_remove_form", "members_remove_form", "delete_group",
        "group_delete_form", "delete_entitlement", "option_delete_form", "revoke_invitation", "invitation_revoke_form",
        "correct_invitation", "invitation_correct_form")


def measure(house):
    """{operation: (kind, {thread: ms}, status, bytes that came back)}"""
    threads, found = Threads(house.server.process.pid), {}
    every = sorted(operations(), key=lambda one: one[3]["operationId"] in LAST)
    for face, pattern, method, row, given in every:
        name = row["operationId"]
        runs = []
        for _ in range(RUNS + 1):
            used, answer = threads.during(house.once(face, pattern, method, row, given))
            runs.append(used)
            if name in LAST:
                break
        kept = runs[1:] or runs
        found[f"{face} {name}"] = (row["x-kind"], {t: statistics.median(u[t] for u in kept) for t in kept[0]}, answer.status, len(answer.body))
    return found


def too_long(found):
    """[(operation, thread, ms)] beyond the bars, but for what is borne."""
    return [(name, thread, used[thread]) for name, (_, used, _, _) in found.items() for thread, bar in BARS.items()
            if used[thread] > bar and (name.split()[1], thread) not in BORNE]


def table(found, markdown, most=24):
    head = ("route", "kind", "HTTP thread", "pool", "heavy", "writer", "answer")
    ordered = sorted(found.items(), key=lambda one: -max(one[1][1].values()))
    rows = [(name, kind, *(f"{used[t]:.1f} ms" for t in THREADS), f"{status}, {size / 1024:,.0f} KB")
            for name, (kind, used, status, size) in ordered]
    rig.table(head, rows[:most], markdown)
    rest = rows[most:]
    if rest:
        print(f"… and {len(rest)} routes of less than {max(max(v[1].values()) for _, v in ordered[most:]):.1f} ms in any thread\n")


def run(markdown):
    with rig.Folder() as folder:
        house = House(folder)
        found = measure(house)
        house.server.stop()
    print(f"sqlite, each route at its worst, {os.cpu_count()} cores\n")
    table(found, markdown)
    for name, thread, ms in too_long(found):
        rig.BAD.append((f"{name}: {ms:.1f} ms on the {thread} thread", 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--markdown", action="store_true")
    run(parser.parse_args().markdown)
    rig.conclude()


if __name__ == "__main__":
    main()
