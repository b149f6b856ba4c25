"""The command line: its help and refusals, and what it does where nobody serves. As a client: test_cli_client.py."""

import re
import sqlite3
import stat
import subprocess

import pytest
import yaml

from lib import postgres
from lib.cli import document, documents, refused
from lib.mailbox import token_of
from lib.people import PASSWORD, fresh
from lib.server import BINARY, ROOT, Server

COMMANDS = list(yaml.safe_load((ROOT / "spec/commands.yaml").read_text()))


@pytest.fixture
def alone(tmp_path):
    """A data folder that nobody serves."""
    return Server(tmp_path)


@pytest.fixture
def bar(alone):
    """The same with one organization in it."""
    alone.setup(slug="bar")
    return alone


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


def test_a_file_in_another_encoding_is_refused_by_its_line(alone):
    for text in ("log_level = info\nmail_from = Café <a@b.fr>\n".encode("latin-1"), b"# ours\nlog_level = in\0fo\n"):
        (alone.folder / "parvis.ini").write_bytes(text)
        assert "./parvis.ini:2: this line is not UTF-8" in refused(alone.cli("config", check=False, env={"LC_ALL": "en_GB.UTF-8"}), 2)
        assert "./parvis.ini:2 : cette ligne n’est pas du texte UTF-8" in refused(alone.cli("config", check=False, env={"LC_ALL": "fr_FR.UTF-8"}), 2)


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


@pytest.mark.parametrize("setting,value", [("database", "sqlite:x.db?mode=ro"), ("database", "sqlite::memory:"), ("database", "sqlite://x.db"),
                                           ("database", "sqlite:file:x.db"), ("mail-from", "Parvis <p@example.org"), ("mail-from", "p@"),
                                           ("mail", "smtp://mail.example.org:587?tls=on"), ("listen", "[::1:80"),
                                           ("trusted-proxies", "10.0.0.0/8, proxy.example.org"), ("data", "x" * 95),
                                           ("database", "postgresql://db.example/parvis?sslmod=require"),
                                           ("database", "postgresql://db.example:http/parvis")])
def test_a_setting_of_another_form_is_refused_before_anything_is_made(alone, setting, value):
    said = refused(alone.cli("config", f"--{setting}", value, check=False), code=2)
    assert f"--{setting}" in said and refused(serve(alone, f"--{setting}", value), code=2) == said
    assert not alone.data.exists() and not list(alone.folder.glob("*.db*")) and not (alone.folder / value).exists()


@pytest.mark.parametrize("lang,of_a_list,of_an_address", [
    ("en_GB.UTF-8", "“proxy.example.org” does not have the right form. Examples: 192.0.2.7", "PostgreSQL knows no parameter “sslmod”"),
    ("fr_FR.UTF-8", "« proxy.example.org » n’a pas la forme attendue", "PostgreSQL ne connaît pas de paramètre « sslmod »")])
def test_what_is_wrong_in_a_setting_is_named_and_no_more(alone, lang, of_a_list, of_an_address):
    said = refused(serve(alone, "--trusted-proxies", "10.0.0.0/8 proxy.example.org ::1", LC_ALL=lang), code=2)
    assert of_a_list in said and "10.0.0.0/8 " not in said
    said = refused(serve(alone, LC_ALL=lang, PARVIS_DATABASE="postgresql://me:s3cr3t@db.example/parvis?sslmode=require&sslmod=s3cr3t"), code=2)
    assert "PARVIS_DATABASE" in said and of_an_address in said and "s3cr3t" not in said
    for side in (("--from", "postgres:///a?x", "--to", "sqlite:b.db"), ("--from", "sqlite:b.db", "--to", "postgres:///a?x=1")):
        said = refused(alone.cli("copy", *side, check=False, env={"LC_ALL": lang}), 2)
        assert of_an_address.replace("sslmod", "x") in said and [f for f in ("--from", "--to") if f in said] == [side[side[1] == "sqlite:b.db" and 2]]
    assert not alone.data.exists() and not list(alone.folder.glob("*.db*"))


def test_a_database_of_places_is_looked_for_before_anything_is_made(alone):
    assert "nowhere.mmdb" in refused(serve(alone, "--place-database", "nowhere.mmdb"))
    assert not alone.data.exists()


@pytest.mark.parametrize("of,why", [("CREATE TABLE account(x)", "not Parvis's"), ("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(x); DROP TABLE t", "UTF-8")])
def test_serve_names_a_file_that_is_not_its_own_without_a_key(alone, of, why):
    path = alone.folder / "foreign.db"
    database = sqlite3.connect(path)
    database.executescript(of)
    database.close()
    done = serve(alone, "--database", f"sqlite:{path}")
    assert done.returncode == 1 and why in done.stderr and not (alone.data / "key").exists(), done.stderr


@pytest.mark.parametrize("password", ["orchard\0lantern-42\n", "orchard-lantern-42\n".encode("utf-16le").decode()])
def test_a_password_is_not_cut_at_a_nul(alone, password):
    args = ["setup", "--organization", "Bar", "--email", "o@example.org", "--given-name", "O", "--password-stdin"]
    assert "NUL" in refused(alone.cli(*args, stdin=password, check=False), code=2)


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
