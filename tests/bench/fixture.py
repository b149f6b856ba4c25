"""Organizations with many members, written straight into a database that no server has open, as the server would have.

Rows are whole: accounts, memberships, words of the search, seats, sessions. `parvis check` finds nothing to complain of.
"""

import base64
import hashlib
import io
import itertools
import os
import pathlib
import random
import re
import sqlite3
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib import postgres  # noqa: E402

SYLLABLES = "ba de fi go lu ma ne pi ro sa te vi zo an el or".split()
GIVEN = [(a + b).capitalize() for a, b in itertools.product(SYLLABLES, SYLLABLES)]
FAMILY = [(a + b + c).capitalize() for a, b, c in itertools.product(SYLLABLES, SYLLABLES, SYLLABLES)]
BLOCK = 20000  # rows handed over at once
DAY = 86400 * 1000


def now():
    return int(time.time() * 1000)


def ids(count, at, every=1000):
    """UUIDs of version 7, one for every `every` milliseconds from `at` on."""
    chance = random.getrandbits
    return [struct.pack(">QQ", (at + i * every) << 16 | 0x7000 | chance(12), 1 << 63 | chance(62)) for i in range(count)]


def secret(*owners):
    """(token, what is kept of it)"""
    raw = os.urandom(16)
    token = base64.urlsafe_b64encode(b"".join(owners) + raw).rstrip(b"=").decode()
    return token, hashlib.blake2b(raw, digest_size=32).digest()


class SqliteFile:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;"
                              "PRAGMA foreign_keys = OFF;")
        self.indexes = self.db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                                       " AND sql NOT LIKE 'CREATE UNIQUE%'").fetchall()
        for name, _ in self.indexes:
            self.db.execute(f"DROP INDEX {name}")

    def copy(self, into, columns, rows):
        marks = ", ".join("?" * len(columns))
        self.db.executemany(f"INSERT INTO {into} ({', '.join(columns)}) VALUES ({marks})", rows)

    def add_used(self, organization, count):
        self.db.execute("UPDATE organization_seat SET used = used + ? WHERE organization_id = ?", (count, organization))

    def add_held(self, organization, count):
        self.db.execute("UPDATE organization_seat SET held = held + ? WHERE organization_id = ?", (count, organization))

    def queue_mails(self, count):
        """So many mails wait, as if the server had ended before it came to them; no others do."""
        self.db.execute("UPDATE mail SET next_at = NULL, state = 'withdrawn' WHERE next_at IS NOT NULL AND id NOT IN"
                        " (SELECT id FROM mail WHERE state = 'queued' AND next_at IS NOT NULL ORDER BY id DESC LIMIT ?)", (count,))

    def close(self):
        for _, sql in self.indexes:
            self.db.execute(sql)
        self.db.commit()
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.close()


class PostgresDatabase:
    def __init__(self, uri):
        self.db = postgres.connect(uri)
        self.db.set_session(autocommit=False)
        self.cursor = self.db.cursor()
        self.cursor.execute("SET synchronous_commit = off; SET session_replication_role = replica")

    @staticmethod
    def _cell(name, value):
        if value is None:
            return "\\N"
        if isinstance(value, bytes):
            return value.hex() if name == "id" or name.endswith("_id") else "\\\\x" + value.hex()
        return str(value)

    def copy(self, into, columns, rows):
        while block := list(itertools.islice(rows, BLOCK)):
            text = "".join("\t".join(map(self._cell, columns, row)) + "\n" for row in block)
            self.cursor.copy_expert(f"COPY {into} ({', '.join(columns)}) FROM STDIN", io.StringIO(text))

    def add_used(self, organization, count):
        self.cursor.execute("UPDATE organization_seat SET used = used + %s WHERE organization_id = %s", (count, organization.hex()))

    def add_held(self, organization, count):
        self.cursor.execute("UPDATE organization_seat SET held = held + %s WHERE organization_id = %s", (count, organization.hex()))

    def queue_mails(self, count):
        self.cursor.execute("UPDATE mail SET next_at = NULL, state = 'withdrawn' WHERE next_at IS NOT NULL AND id NOT IN"
                            " (SELECT id FROM mail WHERE state = 'queued' AND next_at IS NOT NULL ORDER BY id DESC LIMIT %s)", (count,))

    def close(self):
        self.db.commit()
        self.db.set_session(autocommit=True)
        self.cursor.execute("VACUUM ANALYZE")
        self.db.close()


def open_database(server):
    """The database of a server that is stopped."""
    uri = server.settings.get("database") or ""
    if uri.startswith("postgresql:"):
        return PostgresDatabase(uri)
    return SqliteFile(server.data / "parvis.db")


class Crowd:
    """Members of one organization, as their rows need them. With `owned`, the first one is its owner. `days` ago the
    first one joined, the others a second after each other."""

    def __init__(self, organization, count, password_hash, mark="m", owned=False, days=40):
        self.organization, self.count, self.hash, self.mark, self.owned = organization, count, password_hash, mark, owned
        self.at = now() - days * DAY
        self.accounts, self.members = ids(count, self.at), ids(count, self.at)
        names = random.Random(mark)
        self.names = [(names.choice(GIVEN), names.choice(FAMILY)) for _ in range(count)]
        self.emails = [f"{g}.{f}.{mark}{i}@example.org".lower() for i, (g, f) in enumerate(self.names)]

    def role(self, i):
        return "owner" if self.owned and i == 0 else "administrator" if i % 1000 == 999 else "member"

    def account_rows(self):
        for i, (a, e, (g, f)) in enumerate(zip(self.accounts, self.emails, self.names)):
            yield a, e, e, self.at, g, f, self.hash, self.at + i * 1000

    def membership_rows(self):
        for i, (m, a, e, (g, f)) in enumerate(zip(self.members, self.accounts, self.emails, self.names)):
            yield self.organization, m, a, self.role(i), "active", self.at + i * 1000, f"{f}\x1f{g}".lower(), e

    def word_rows(self):
        """What the server finds them by: words of the names and of the local part, the domain, the address."""
        found = [(self.organization, word, m)
                 for i, (m, e, (g, f)) in enumerate(zip(self.members, self.emails, self.names))
                 for word in {g.lower(), f.lower(), *re.findall(r"\w+", f"{self.mark}{i}"), "example.org", e}]
        found.sort()  # in the order of the key, since that is how it is kept
        return found


def write_crowds(db, crowds):
    def chained(rows):
        return itertools.chain.from_iterable(map(rows, crowds))

    db.copy("account", ("id", "email", "email_key", "email_proved_at", "given_name", "family_name", "password_hash", "created_at"),
            chained(Crowd.account_rows))
    db.copy("membership", ("organization_id", "id", "account_id", "role", "state", "joined_at", "family_key", "email_key"),
            chained(Crowd.membership_rows))
    db.copy("member_word", ("organization_id", "word", "membership_id"), chained(Crowd.word_rows))


def add_members(db, organization, count, password_hash, mark="m", days=40):
    """`count` more members of an organization that stands."""
    crowd = Crowd(organization, count, password_hash, mark, days=days)
    write_crowds(db, [crowd])
    db.add_used(organization, count)
    return crowd


def add_sessions(db, crowd, count):
    """Sessions of the first members; their tokens."""
    at = now()
    made = [(i, a, *secret(i)) for i, a in zip(ids(count, at - DAY, 1), crowd.accounts)]
    db.copy("session", ("id", "account_id", "secret_hash", "created_at", "expires_at", "seen_at"),
            ((i, a, kept, at, at + 20 * DAY, at) for i, a, _, kept in made))
    return [token for _, _, token, _ in made]


def add_organizations(db, count, members, password_hash, mark="org"):
    """`count` organizations of `members` each, an owner among them, called MARK-N; [(slug, the owner's API key)]."""
    at = now() - 50 * DAY
    organizations, key_ids, keys, kept = ids(count, at), ids(count, at), [], []
    crowds = [Crowd(o, members, password_hash, f"{mark}{n}m", owned=True) for n, o in enumerate(organizations)]
    for n, (o, k) in enumerate(zip(organizations, key_ids)):
        token, digest = secret(o, k)
        keys.append((f"{mark}-{n}", "pvk_" + token))
        kept.append(digest)
    db.copy("organization", ("id", "slug", "name", "created_at"),
            ((o, slug, f"Organization {slug}", at) for o, (slug, _) in zip(organizations, keys)))
    db.copy("organization_seat", ("organization_id", "used"), ((o, members) for o in organizations))
    write_crowds(db, crowds)
    db.copy("organization_owner", ("organization_id", "membership_id"), ((c.organization, c.members[0]) for c in crowds))
    db.copy("api_key", ("organization_id", "id", "membership_id", "account_id", "name", "secret_hash", "created_at"),
            ((c.organization, k, c.members[0], c.accounts[0], "bench", digest, at)
             for c, k, digest in zip(crowds, key_ids, kept)))
    return keys


def add_invitations(db, organization, count):
    """`count` pending invitations, each with its batch, its mail that was sent, and its audit event."""
    at = now() - DAY
    invitations, batches, mails, events = (ids(count, at, 1) for _ in range(4))
    random.Random(1).shuffle(order := list(range(count)))
    db.copy("invitation_batch", ("organization_id", "id", "created_at"), ((organization, b, at) for b in batches))
    db.copy("invitation", ("organization_id", "id", "batch_id", "email", "email_key", "role", "created_at", "expires_at", "lifetime",
                           "secret_hash", "code_hash", "code_expires_at", "sent_count", "last_sent_at", "mail_id", "remind_at"),
            ((organization, i, b, f"there.{n}@example.org", f"there.{n}@example.org", "member", at, at + 7 * DAY, 7 * DAY,
              i * 2, m * 2, at + DAY, 1, at, m, at + 3 * DAY) for i, b, m, n in zip(invitations, batches, mails, order)))
    db.copy("mail", ("id", "organization_id", "kind", "invitation_id", "recipient", "state", "attempts", "reply", "created_at", "done_at", "turn_of", "turn_at"),
            ((m, organization, "invitation", i, f"there.{n}@example.org", "sent", 1, "250 2.0.0 Ok: queued", at, at, 1, at)
             for i, m, n in zip(invitations, mails, order)))
    db.copy("audit_event", ("organization_id", "id", "actor_kind", "action", "subject_kind", "subject_id", "after"),
            ((organization, e, "system", "invitation.created", "invitation", i, '{"role":"member"}')
             for i, e in zip(invitations, events)))
    db.copy("audit_detail", ("organization_id", "event_id", "salt", "detail"),
            ((organization, e, e, '{"email":"there.%d@example.org"}' % n) for e, n in zip(events, order)))
    db.add_held(organization, count)


def first_of(server):
    """(the organization's id, a password's hash) of a server that was just set up."""
    organization = server.query("SELECT id FROM organization")[0][0]
    organization = organization if isinstance(organization, bytes) else bytes.fromhex(str(organization).replace("-", ""))
    return organization, server.query("SELECT password_hash FROM account")[0][0]
