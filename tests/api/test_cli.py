"""The command line: as a client of the running server, serving for a moment by itself, and what it refuses."""

import fcntl
import json
import os
import pty
import re
import stat
import struct
import subprocess
import termios
import unicodedata

import pytest

from lib import pdf, postgres
from lib.mailbox import token_of
from lib.people import PASSWORD, fresh
from lib.server import BINARY, ROOT, Server

COMMANDS = [
    "serve", "setup", "migrate", "check", "copy", "config", "version", "organization list", "organization show", "organization create",
    "organization set", "member list", "member show", "member set-role", "member remove", "invite", "invitation list",
    "invitation show", "invitation resend", "invitation temporary-password", "invitation revoke", "invitation link", "invitation correct", "invitation batch", "mail list", "mail retry", "mail test",
    "account show", "account reset-password", "instance-key create", "instance-key list", "instance-key revoke",
    "api-key list", "api-key create", "api-key revoke",
]


def documents(done):
    """One JSON document a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def document(done):
    found = documents(done)
    assert len(found) == 1, done.stdout
    return found[0]


@pytest.fixture
def alone(tmp_path):
    """A data folder that nobody serves."""
    return Server(tmp_path)


@pytest.fixture
def bar(alone):
    """The same with one organization in it."""
    alone.setup(slug="bar")
    return alone


def refused(done, code=1):
    """Exit code, one or more clear lines on standard error, nothing on standard output."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("parvis: ") and done.stdout == ""
    return done.stderr


# ---- help, usage, settings


def test_help_names_every_command_and_each_explains_itself(alone):
    whole = alone.cli("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", whole, re.M), command
        text = alone.cli(*command.split(), "--help").stdout
        assert text.startswith("Usage: parvis " + command) and "--json" in text
        assert "cli." not in text
    assert not alone.data.exists()


def test_help_of_a_group_and_of_the_settings(alone):
    text = alone.cli("mail", "--help").stdout
    assert "mail retry" in text and "organization list" not in text
    serve = alone.cli("serve", "--help").stdout
    for setting in ("--listen", "--public-url", "--mail-from", "--log-level debug|info|warning|error"):
        assert setting in serve


def test_it_speaks_french_when_the_environment_does(alone):
    french = {"LC_ALL": "fr_FR.UTF-8"}
    assert "Commandes" in alone.cli("--help", env=french).stdout
    for command in COMMANDS:
        assert "cli." not in alone.cli(*command.split(), "--help", env=french).stdout
    assert "n’existe pas" in alone.cli("fly", env=french, check=False).stderr
    assert "no command" in alone.cli("fly", env={"LC_ALL": "en_GB.UTF-8", "LANG": "fr_FR.UTF-8"}, check=False).stderr


@pytest.mark.parametrize("args", [
    [], ["fly"], ["mail"], ["organization", "fly"], ["--fly"], ["member", "list", "--fly"], ["member", "list", "--organization"],
    ["setup", "--organization", "Bar"], ["invitation", "show"], ["invitation", "show", "a", "b"], ["check", "now"],
    ["member", "list", "--role", "boss"], ["invite", "a@example.org", "--role", "owner"], ["member", "list", "--org", "bar"],
    ["organization", "set", "bar"], ["organization", "set", "bar", "--member-limit", "many"], ["check", "--json=yes"],
    ["invitation", "resend"], ["invitation", "resend", "inv_x", "--batch", "bat_x"], ["mail", "test", "nowhere"],
    ["check", "--log-level", "loud"], ["check", "--http-threads", "0"], ["check", "--config", "/nowhere.ini"],
], ids=" ".join)
def test_wrong_usage_is_2_and_changes_nothing(alone, args):
    refused(alone.cli(*args, check=False), 2)
    assert not alone.data.exists()


def test_bytes_that_are_not_utf8_are_wrong_usage(alone):
    done = subprocess.run([str(BINARY), "account", "show", b"\xff@example.org"], env=alone.environment(), cwd=alone.folder,
                          capture_output=True)
    assert done.returncode == 2 and b"UTF-8" in done.stderr


def test_version(alone):
    assert re.fullmatch(r"parvis \d+\.\d+\.\d+\n", alone.cli("version").stdout)
    assert alone.cli("--version").stdout == alone.cli("version").stdout
    assert "parvis " + document(alone.cli("version", "--json"))["version"] + "\n" == alone.cli("version").stdout


def test_config_shows_values_and_where_they_came_from(alone):
    (alone.folder / "parvis.ini").write_text("log_format = json\nhttp_threads = 3\nmail = smtp://me:s3cr3t@mail.example.org\n")
    done = alone.cli("config", "--json", "--http-threads", "4", env={"PARVIS_LOG_LEVEL": "error"})
    shown = document(done)
    assert shown["http_threads"] == {"value": "4", "origin": "flag"}
    assert shown["log_level"] == {"value": "error", "origin": "environment"}
    assert shown["log_format"] == {"value": "json", "origin": "file"}
    assert shown["mail"] == {"value": "smtp://me:***@mail.example.org", "origin": "file"}
    assert shown["session_lifetime"] == {"value": "30d", "origin": "default"}
    assert shown["key_file"]["value"] == f"{alone.data}/key"
    table = alone.cli("config").stdout
    assert "s3cr3t" not in done.stdout + table and re.search(r"^http_threads +3 +file$", table, re.M)


def test_an_unknown_key_or_section_in_the_file_is_refused(alone):
    for text, where in (("log_levle = info\n", "./parvis.ini:1: log_levle"), ("data = x\n[mail]\nhost = y\n", "./parvis.ini:3")):
        (alone.folder / "parvis.ini").write_text(text)
        assert where in refused(alone.cli("config", check=False), 2)


# ---- serve


def serve(server, *args, **env):
    return subprocess.run([str(BINARY), "serve", *args], cwd=server.folder, env={**server.environment(), **env},
                          capture_output=True, text=True, timeout=30)


def test_serve_refuses_links_that_lead_back_to_the_readers_own_machine(alone):
    assert "--public-url" in refused(serve(alone, "--mail", "smtp://mail.example.org"))
    refused(serve(alone, "--mail", "smtp://mail.example.org", "--public-url", "http://localhost:8080"))
    assert not alone.data.exists()


def test_serve_refuses_data_whose_key_is_gone(bar):
    (bar.data / "key").unlink()
    done = serve(bar)
    assert done.returncode == 1 and "key" in done.stderr and not (bar.data / "key").exists()


def test_serve_refuses_a_folder_that_another_process_uses(make_server):
    server = make_server()
    done = serve(server)
    assert done.returncode == 1 and "Another process" in done.stderr


def test_an_empty_server_prints_an_address_to_set_it_up_once(make_server):
    server = make_server()
    address = re.search(r"http://127\.0\.0\.1:\d+(/setup/[\w-]{20,})", server.log())
    assert server.client().page(address.group(1)).status == 200
    made = server.setup()
    assert made["organization"]["name"] == "Bar"
    assert server.client().page(address.group(1)).status == 303
    refused(server.cli("setup", "--organization", "Two", "--email", "t@example.org", "--given-name", "T",
                       "--family-name", "T", check=False))


def test_what_it_keeps_belongs_to_its_owner_alone(make_server):
    server = make_server()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    kept = {path.name: path for path in server.data.iterdir() if not path.is_dir()}
    assert kept.keys() >= {"key", "lock", "parvis.sock"} | (set() if postgres.WANTED else {"parvis.db"})
    for name, path in kept.items():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, name


# ---- setup


def test_setup_makes_an_owner_who_can_sign_in_and_a_key_that_works(alone):
    made = alone.setup(slug="bar", locale="fr")
    assert made["organization"]["slug"] == "bar" and made["account"]["email"] == "olive.martin@example.org"
    assert made["api_key"].startswith("pvk_")
    alone.start()
    try:
        assert "/setup/" not in alone.log()
        alone.client().sign_in("olive.martin@example.org", "orchard-lantern-42")
        assert alone.client(key=made["api_key"]).get("/organizations/bar/members").ok()["items"]
    finally:
        alone.stop()


def test_setup_without_a_password_gives_an_address_to_set_one(alone):
    args = ["--organization", "Bar", "--email", "o@example.org", "--given-name", "O", "--family-name", "M"]
    done = alone.cli("setup", *args)
    url = re.search(r"http://\S+", done.stdout).group(0)
    alone.start()
    try:
        client = alone.client()
        client.post("/password-resets/complete", {"token": token_of(url), "new_password": PASSWORD}).ok()
        client.sign_in("o@example.org", PASSWORD)
    finally:
        alone.stop()


def test_setup_works_once_and_then_changes_nothing(bar):
    before = bar.dump()
    refused(bar.cli("setup", "--organization", "Two", "--email", "t@example.org", "--given-name", "T", "--family-name", "T",
                    check=False))
    assert bar.dump() == before


def test_setup_refuses_in_words(alone):
    args = ["setup", "--organization", "Bar", "--given-name", "O", "--family-name", "M", "--password-stdin"]
    assert "--email: " in refused(alone.cli(*args, "--email", "nowhere", stdin=PASSWORD, check=False))
    refused(alone.cli(*args, "--email", "o@example.org", stdin="short", check=False))
    refused(alone.cli(*args, "--email", "o@example.org", stdin="", check=False), 2)
    alone.setup()


# ---- migrate, check


def test_migrate_brings_an_empty_database_up_to_date(alone):
    first = document(alone.cli("migrate", "--json"))
    assert first["version"] >= 1 and alone.query("SELECT count(*) FROM organization") == [(0,)]
    assert document(alone.cli("migrate", "--json")) == first
    alone.setup()


def test_migrate_leaves_a_running_server_alone(server):
    refused(server.cli("migrate", check=False))


def test_check_finds_a_wrong_count(bar):
    assert "sound" in bar.cli("check").stdout
    assert document(bar.cli("check", "--json"))["findings"] == []
    bar.tamper("UPDATE organization_seat SET held = held + 3")
    done = bar.cli("check", check=False)
    assert done.returncode == 1 and done.stdout.strip() and "1" in done.stderr
    assert len(document(bar.cli("check", "--json", check=False))["findings"]) == 1


def test_check_on_a_running_server(server):
    server.cli("check")


# ---- with nobody serving


def test_no_data_is_a_refusal_and_makes_none(alone):
    assert "no server data" in refused(alone.cli("member", "list", check=False))
    assert not alone.data.exists()


def test_without_a_server_it_serves_itself_and_delivers_before_it_ends(bar, smtp):
    bar.settings.update(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>")
    address = fresh()
    done = bar.cli("invite", address)
    assert done.stderr == ""
    assert len(smtp.all_for(address)) == 1
    assert document(bar.cli("invitation", "show", address, "--json"))["delivery"]["state"] == "sent"


def test_without_a_mail_server_it_says_that_mails_wait(bar):
    bar.settings.update(mail="smtp://127.0.0.1:9")
    done = bar.cli("invite", fresh())
    assert "wait" in done.stderr
    assert bar.cli("mail", "list", "--json").stdout.count('"deferred"') == 1


def test_the_only_organization_need_not_be_named(bar):
    assert [m["account"]["email"] for m in documents(bar.cli("member", "list", "--json"))] == ["olive.martin@example.org"]
    bar.cli("organization", "create", "--name", "Two", "--email", "t@example.org", "--given-name", "T", "--family-name", "T")
    assert "--organization" in refused(bar.cli("member", "list", check=False), 2)


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


# ---- manual and completion

COMPLETE = """
. {root}/packaging/completion.bash
COMP_WORDS=({binary} "$@")
COMP_CWORD=$#
_parvis
echo "${{COMPREPLY[*]}}"
"""


@pytest.mark.parametrize("typed, offered", [
    ([""], "account api-key check config copy entitlement group instance-key invitation invite mail member migrate organization serve setup version"),
    (["mail", ""], "list retry test"),
    (["organization", "set", "bar", "--ex"], "--existing-accounts"),
    (["invite", "--role", "a"], "administrator"),
    (["serve", "--log-level", ""], "debug info warning error"),
], ids=str)
def test_completion_offers_what_the_program_knows(alone, typed, offered):
    script = COMPLETE.format(root=ROOT, binary=BINARY)
    done = subprocess.run(["bash", "-c", script, "bash", *typed], cwd=alone.folder, env=alone.environment(),
                          capture_output=True, text=True)
    assert done.stdout.split() == offered.split(), done.stderr


def test_the_manual_holds_every_command_and_setting(alone):
    page = alone.folder / "parvis.1"
    subprocess.run(["/usr/bin/python3", str(ROOT / "tools/gen_man.py"), str(BINARY), "1.2.3", str(page)], check=True,
                   env=alone.environment())
    text = page.read_text().replace("\\-", "-")
    for command in COMMANDS:
        assert f".SS {command}" in text, command
    assert "--administrators-may-invite-administrators" in text and "--session-lifetime" in text


# ---- several at once


def test_commands_at_the_same_moment_wait_for_each_other(bar):
    running = [subprocess.Popen([str(BINARY), "invite", fresh("crowd"), "--no-mail"], cwd=bar.folder, env=bar.environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    said = [each.communicate(timeout=60)[1] for each in running]
    assert [each.returncode for each in running] == [0] * 8, said
    assert len(documents(bar.cli("invitation", "list", "--json"))) == 8


def test_a_server_waits_for_a_command_to_finish(bar):
    command = subprocess.Popen([str(BINARY), "invite", "-", "--no-mail"], cwd=bar.folder, env=bar.environment(),
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    command.stdin.write("\n".join(fresh("long") for _ in range(3000)))
    command.stdin.close()
    bar.start()
    try:
        assert command.wait(60) == 0
        assert len(documents(bar.cli("invitation", "list", "--json"))) == 3000
    finally:
        bar.stop()
