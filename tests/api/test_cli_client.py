"""The command line as a client of the running server: organizations, inviting, members, accounts, mails, and its tables."""

import fcntl
import os
import pty
import re
import stat
import struct
import subprocess
import termios
import unicodedata

import pytest

from lib import pdf
from lib.cli import document, documents, refused
from lib.mailbox import token_of
from lib.people import PASSWORD, fresh
from lib.server import BINARY

# ---- organizations


def test_organizations(server):
    made = document(server.cli("organization", "create", "--json", "--name", "Café Zoé", "--slug", "cafe-zoe", "--email",
                               fresh("owner"), "--given-name", "Zoé", "--family-name", "M", "--member-limit", "5"))
    assert made["organization"]["slug"] == "cafe-zoe" and made["set_password_url"]
    assert "cafe-zoe" in [o["slug"] for o in documents(server.cli("organization", "list", "--json"))]
    assert "Café Zoé" in server.cli("organization", "list").stdout

    server.cli("organization", "set", "cafe-zoe", "--name", "Zoé", "--locale", "fr", "--member-limit", "none",
               "--existing-accounts", "refuse", "--administrators-may-invite-administrators", "off",
               "--invitation-lifetime", "2d", "--reminder-after", "off", "--reminder-max", "4")
    shown = document(server.cli("organization", "show", "cafe-zoe", "--json"))
    assert (shown["name"], shown["locale"], shown["member_limit"]) == ("Zoé", "fr", None)
    assert shown["settings"].items() >= {
        "existing_accounts": "refuse", "administrators_may_invite_administrators": False, "invitation_lifetime": "2d",
        "reminder_after": None, "reminder_max": 4}.items()
    assert "Zoé" in server.cli("organization", "show", "cafe-zoe").stdout
    refused(server.cli("organization", "show", "nowhere", check=False))
    refused(server.cli("organization", "set", "cafe-zoe", "--invitation-lifetime", "7 days", check=False))


# ---- what does not exist

NOWHERE = [["invite", "z@b.example"], ["member", "list"], ["member", "set", "{member}"], ["group", "list"], ["group", "add", "g", "{member}"],
           ["group", "rename", "nope", "x"], ["group", "delete", "nope"], ["entitlement", "list"], ["invitation", "list"]]


@pytest.mark.parametrize("command", NOWHERE, ids=lambda c: " ".join(c[:2]))
def test_an_organization_that_is_not_there_is_refused(server, acme, command):
    args = [a.format(member=acme.owner.email) for a in command]
    refused(server.cli(*args, "--organization", "nowhere", check=False))


@pytest.mark.parametrize("command", [["invite", "z@b.example", "--entitlements", "x=on"], ["member", "list"],
                                     ["member", "set", "{member}", "--entitlements", "x=on"]], ids=lambda c: " ".join(c[:2]))
def test_a_group_that_is_not_there_is_refused_by_its_name(server, acme, command):
    args = [a.format(member=acme.owner.email) for a in command]
    server.cli("group", "create", "--organization", acme.slug, "there")
    assert "nope" in refused(server.cli(*args, "--organization", acme.slug, "--group", "nope", check=False))
    assert "nope" in refused(server.cli(*args, "--organization", acme.slug, "--group", "there,nope", check=False))


@pytest.mark.parametrize("command", [["invite", "z@b.example"], ["member", "set", "{member}"]], ids=lambda c: " ".join(c[:2]))
def test_an_option_is_on_or_off(server, acme, command):
    args = [a.format(member=acme.owner.email) for a in command]
    refused(server.cli(*args, "--organization", acme.slug, "--entitlements", "x=on,y=perhaps", check=False), code=2)


# ---- inviting


def test_invite_prints_an_outcome_for_each_address(server, acme, inbox):
    known, new = fresh("known"), fresh("new")
    acme.invite(known)
    done = server.cli("invite", new, known, "nonsense", "--organization", acme.slug, check=False)
    assert done.returncode == 1 and "2" in done.stderr
    rows = {line.split()[0]: line for line in done.stdout.splitlines()[1:4]}
    assert rows[new].endswith("invited") and "already" in rows[known] and "nonsense" in rows
    assert inbox.token_for(new)


def test_temporary_passwords_are_shown_once_in_a_table(server, acme, inbox):
    new, known = fresh(), acme.join().email
    done = server.cli("invite", new, known, "--organization", acme.slug, "--temporary-password", "--delivery", "show", check=False)
    row = next(line for line in done.stdout.splitlines() if line.startswith(new))
    password = re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", row).group(0)
    acme.world.client().post("/sessions", {"email": new, "password": password}).ok(201)
    shown = server.cli("invitation", "show", new, "--organization", acme.slug)
    assert password not in shown.stdout and "temporary password" in shown.stdout.lower()
    again = server.cli("invitation", "temporary-password", new, "--organization", acme.slug)
    second = re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", again.stdout).group(0)
    assert second != password
    sent = server.cli("invitation", "temporary-password", new, "--organization", acme.slug, "--delivery", "send")
    assert new in sent.stdout and not re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", sent.stdout)
    third = next(m for m in inbox.wait(new, 3) if re.search(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", m.text)).temporary_password
    acme.world.client().post("/sessions", {"email": new, "password": third}).ok(201)
    whole = document(server.cli("invite", fresh(), "--organization", acme.slug, "--temporary-password", "--delivery", "show", "--json"))
    assert whole["results"][0]["temporary_password"]
    refused(server.cli("invite", fresh(), "--organization", acme.slug, "--temporary-password", check=False))
    refused(server.cli("invitation", "temporary-password", acme.invite(fresh())["id"], "--organization", acme.slug, check=False))


def test_sheets_go_into_a_file_of_ones_own(server, acme, tmp_path):
    new, other, known, file = fresh(), fresh(), acme.join().email, tmp_path / "sheets.pdf"
    shown = ["--organization", acme.slug, "--temporary-password", "--delivery", "show", "--sheets", str(file)]
    done = server.cli("invite", new, known, other, *shown, "--locale", "fr", check=False)
    passwords = re.findall(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", done.stdout)
    pages = pdf.pages(file.read_bytes())
    assert len(pages) == 2 and new in pages[0] and passwords[0] in pages[0] and other in pages[1] and passwords[1] in pages[1]
    assert "Votre mot de passe temporaire" in pages[0] and stat.S_IMODE(file.stat().st_mode) == 0o600
    late = fresh()
    assert str(file) in refused(server.cli("invite", late, *shown, check=False)), "what is there stays there"
    assert pdf.pages(file.read_bytes()) == pages and not acme.api.items(acme.path + "/invitations", q=late), "and nobody is invited"
    file.unlink()
    server.cli("invite", fresh(), "--organization", acme.slug, "--sheets", str(file))
    assert not file.exists(), "nothing was shown"
    refused(server.cli("invite", late, *shown, "--dry-run", check=False), 2)
    refused(server.cli("invite", late, "--organization", acme.slug, "--temporary-password", "--delivery", "show", "--expires-in", "31d",
                       "--sheets", str(file), check=False))
    assert not file.exists()


def test_invite_reads_what_mail_programs_and_spreadsheets_give(server, acme):
    a, b, c, d = (fresh() for _ in range(4))
    pasted = f'Zoé Durand <{a}>; "Martin, Paul" <{b}>\r\nAnna\tLund\t{c}\n'
    done = server.cli("invite", "-", d, "--organization", acme.slug, "--role", "administrator", "--locale", "fr", "--expires-in",
                      "2d", "--message", "À lundi", "--json", stdin=pasted)
    made = {r["email"]: r["invitation"] for r in document(done)["results"]}
    assert set(made) == {a, b, c, d}
    assert (made[a]["given_name"], made[a]["family_name"]) == ("Zoé", "Durand")
    assert (made[b]["given_name"], made[b]["family_name"]) == ("Paul", "Martin")
    assert made[d]["role"] == "administrator" and made[d]["locale"] == "fr" and made[d]["message"] == "À lundi"
    assert made[d]["invited_by"] == "operator"
    assert set(r["email"] for r in documents(server.cli("invitation", "list", "--organization", acme.slug, "--json"))) == set(made)


def test_a_dry_run_sends_nothing(server, acme, inbox):
    address = fresh()
    done = server.cli("invite", address, "--organization", acme.slug, "--dry-run")
    assert "new person" in done.stdout and acme.seats["held"] == 0
    assert inbox.all_for(address) == []


def test_more_than_a_thousand_addresses_go_in_several_requests(server, acme):
    addresses = "\n".join(fresh("many") for _ in range(1003))
    done = server.cli("invite", "--organization", acme.slug, "--no-mail", "--json", stdin=addresses)
    assert [len(each["results"]) for each in documents(done)] == [1000, 3]
    assert acme.seats["held"] == 1003
    listed = documents(server.cli("invitation", "list", "--organization", acme.slug, "--json"))
    assert len(listed) == len({each["id"] for each in listed}) == 1003


def test_a_full_organization_refuses_in_words(server, acme):
    acme.limit(1)
    done = server.cli("invite", fresh(), "--organization", acme.slug, check=False)
    assert done.returncode == 1 and "Refused: 1 of 1" in done.stderr
    refused(server.cli("invite", fresh(), "--organization", "nowhere", check=False))
    refused(server.cli("invite", "--organization", acme.slug, stdin=" \n", check=False), 2)


# ---- invitations


def test_invitations_by_id_and_by_address(server, acme, inbox):
    address = fresh()
    made = acme.invite(address)
    at = ["--organization", acme.slug]
    first = inbox.token_for(address)
    assert document(server.cli("invitation", "show", made["id"], *at, "--json"))["email"] == address
    assert address in server.cli("invitation", "list", *at, "--state", "pending", "--query", address[:6]).stdout

    assert address in server.cli("invitation", "resend", address, *at).stdout
    assert inbox.token_for(address, 2) != first
    link = document(server.cli("invitation", "link", address, *at, "--json"))
    assert acme.world.client().post("/invitations/lookup", {"token": token_of(link["url"])}).ok()["email"] == address
    shown = server.cli("invitation", "link", made["id"], *at).stdout
    assert "http://" in shown and link["url"] not in shown

    gone = document(server.cli("invitation", "revoke", made["id"], *at, "--json"))
    assert gone["state"] == "revoked" and acme.state(made) == "revoked"
    refused(server.cli("invitation", "revoke", made["id"], *at, check=False))
    refused(server.cli("invitation", "show", "nobody@example.org", *at, check=False))
    assert "No invitation" in server.cli("invitation", "list", *at, "--state", "accepted").stdout


def test_a_mistyped_address_is_corrected(server, acme, inbox):
    wrong, right = fresh(), fresh()
    made = acme.invite(wrong)
    at = ["--organization", acme.slug]
    fixed = document(server.cli("invitation", "correct", wrong, right, *at, "--json"))
    assert fixed["email"] == right and fixed["id"] != made["id"] and acme.state(made) == "revoked"
    assert acme.world.client().post("/invitations/lookup", {"token": inbox.token_for(right)}).ok()["email"] == right
    refused(server.cli("invitation", "correct", right, "nobody", *at, check=False))


def test_one_refusal_does_not_keep_the_rest_from_being_done(server, acme):
    a, b = fresh(), fresh()
    acme.invite(a), acme.invite(b)
    done = server.cli("invitation", "revoke", a, "nobody@example.org", b, "--organization", acme.slug, check=False)
    assert done.returncode == 1 and a in done.stdout and b in done.stdout and "nobody@example.org" in done.stderr


def test_a_batch(server, acme, inbox):
    a, b = fresh(), fresh()
    batch = acme.send(a, b).ok()["batch"]
    at = ["--organization", acme.slug, "--batch", batch]
    inbox.token_for(a), inbox.token_for(b)
    assert len(documents(server.cli("invitation", "list", *at, "--json"))) == 2
    assert "2 of 2" in server.cli("invitation", "resend", *at).stdout
    inbox.token_for(a, 2), inbox.token_for(b, 2)
    rows = server.cli("invitation", "link", *at).stdout.splitlines()
    assert len(rows) == 3 and any(a in row for row in rows)
    told = document(server.cli("invitation", "batch", batch, "--organization", acme.slug, "--json"))
    assert (told["total"], told["pending"], told["accepted"]) == (2, 2, 0)


# ---- members and accounts


def test_members(server, acme):
    zoe = acme.join(given="Zoé", family="Durand")
    at = ["--organization", acme.slug]
    assert "Zoé Durand" in server.cli("member", "list", *at).stdout
    assert [m["account"]["id"] for m in documents(server.cli("member", "list", *at, "--query", "zoe", "--json"))] == [zoe.id]
    assert document(server.cli("member", "show", zoe.email, *at, "--json"))["role"] == "member"
    assert document(server.cli("member", "set-role", zoe.email, "administrator", *at, "--json"))["role"] == "administrator"
    assert "administrator" in server.cli("member", "show", acme.member(zoe)["id"], *at).stdout
    refused(server.cli("member", "set-role", acme.owner.email, "member", *at, check=False))
    refused(server.cli("member", "set-role", zoe.email, "boss", *at, check=False))
    assert "Zoé Durand" in server.cli("member", "remove", zoe.email, *at).stdout
    assert acme.member(zoe) is None
    refused(server.cli("member", "remove", acme.owner.email, *at, check=False))
    refused(server.cli("member", "show", zoe.email, *at, check=False))


def test_accounts(server, acme):
    shown = document(server.cli("account", "show", acme.owner.email, "--json"))
    assert shown["account"]["id"] == acme.owner.id and shown["memberships"][0]["role"] == "owner"
    assert acme.slug in server.cli("account", "show", acme.owner.email).stdout
    refused(server.cli("account", "show", "nobody@example.org", check=False))

    url = server.cli("account", "reset-password", acme.owner.email).stdout.strip()
    client = server.client()
    client.post("/password-resets/complete", {"token": token_of(url), "new_password": "another-lantern-43"}).ok()
    client.sign_in(acme.owner.email, "another-lantern-43")
    refused(server.cli("account", "reset-password", "nobody@example.org", check=False))


def test_an_account_shows_the_change_of_address_under_way(server, acme, inbox):
    person = acme.join()
    shown = document(server.cli("account", "show", person.email, "--json"))
    assert shown["email_change"] is None and shown["waiting"] is None
    new = fresh()
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok()
    pending = person.api.get("/me/email").ok()["pending"]
    assert document(server.cli("account", "show", person.email, "--json"))["email_change"] == pending
    for lang, text in (("en_GB.UTF-8", "New address"), ("fr_FR.UTF-8", "Nouvelle adresse")):
        (row,) = [x for x in server.cli("account", "show", person.email, env={"LC_ALL": lang}).stdout.splitlines() if new in x]
        assert row.startswith(text) and pending["expires_at"][:4] in row


# ---- mail


def test_mails(server, acme, inbox):
    address = fresh()
    acme.invite(address)
    inbox.token_for(address)
    listed = documents(server.cli("mail", "list", "--organization", acme.slug, "--json"))
    assert [m["recipient"] for m in listed] == [address]
    assert address in server.cli("mail", "list").stdout
    assert document(server.cli("mail", "retry", "--json"))["retried"] == 0
    assert "0" in server.cli("mail", "retry").stdout


def test_a_mails_kind_is_said_in_words(server, acme, inbox):
    """Every kind has a text in both languages: spec/words.yaml demands it."""
    person = acme.join()
    new = fresh()
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok()
    inbox.last(new)
    for lang, kind in (("fr_FR.UTF-8", "nouvelle adresse à confirmer"), ("en_GB.UTF-8", "new address to confirm")):
        listed = server.cli("mail", "list", env={"LC_ALL": lang}).stdout
        (row,) = [line for line in listed.splitlines() if new in line]
        assert kind in row and "email_change" not in listed
    assert [m["kind"] for m in documents(server.cli("mail", "list", "--json")) if m["recipient"] == new] == ["email_change"]


def test_a_test_mail_tells_the_servers_words(server, inbox):
    address = fresh("test")
    assert "250" in server.cli("mail", "test", address).stdout
    assert len(inbox.all_for(address)) == 1
    done = server.cli("mail", "test", fresh(), "--mail", "smtp://127.0.0.1:9", check=False)
    assert done.returncode == 1 and done.stderr.startswith("parvis: ") and done.stdout == ""
    kept = document(server.cli("mail", "test", fresh(), "--json", "--mail", f"file:{server.folder}/kept"))
    assert kept["state"] == "kept" and len(list((server.folder / "kept").glob("*.eml"))) == 1


# ---- on a terminal


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def on_a_terminal(server, *args, columns=60):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([str(BINARY), *args], cwd=server.folder, env=server.environment(), stdout=follower)
    os.close(follower)
    out = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:
            break
        if not block:
            break
        out += block
    os.close(leader)
    assert process.wait() == 0
    return out.decode().replace("\r\n", "\n").splitlines()


def test_tables_are_aligned_and_fit_the_terminal(server, acme):
    for name in ("Zoé", "見学", "Ångström-Żółć-Überlang-und-noch-länger"):
        acme.join(given=name, family="Durand")
    lines = on_a_terminal(server, "member", "list", "--organization", acme.slug)
    assert len(lines) == 5 and max(map(width, lines)) <= 60 and any("…" in line for line in lines)
    starts = {width(line[:re.search(r"(member|owner) ", line).start()]) for line in lines[1:]}
    assert len(starts) == 1, lines


def test_a_reader_who_goes_early_is_no_noise_and_a_full_disk_is_said(server):
    shell = f"'{BINARY}' --help | true; '{BINARY}' organization list --json | head -c 1 >/dev/null; '{BINARY}' version >/dev/full"
    done = subprocess.run(["bash", "-c", shell], cwd=server.folder, env=server.environment(), capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "parvis: Standard output cannot be written.\n"
