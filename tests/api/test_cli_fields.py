"""A refusal at the command line names its fields as the command does, and says why, in both languages."""

import pytest

from lib.people import fresh

CASES = {
    "group create": (["group", "create", "\u3164", "--organization", "{org}"], "NAME"),
    "api-key create": (["api-key", "create", "K", "--organization", "{org}", "--member", "{owner}", "--expires-in", "59m"], "--expires-in"),
    "organization create": (["organization", "create", "--name", "\u3164", "--email", "o@example.org", "--given-name", "O"], "--name"),
    "owner": (["organization", "create", "--name", "Fine", "--email", "o@example.org", "--given-name", "\u3164"], "--given-name"),
    "member set": (["member", "set", "{member}", "--organization", "{org}", "--access-ends-at", "2127-02-30"], "--access-ends-at"),
    "organization set": (["organization", "set", "{org}", "--accent", "nothing"], "--accent"),
    "entitlement create": (["entitlement", "create", "key", "--organization", "{org}", "--name-fr", "\u3164", "--name-en", "Fine"],
                           "--name-fr"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_field_is_named_as_the_command_names_it(acme, server, case):
    args, name = CASES[case]
    person = acme.join() if "{member}" in args else None
    args = [a.format(org=acme.slug, owner=acme.owner.email, member=person and person.email) for a in args]
    said = {}
    for lang in ("en_GB.UTF-8", "fr_FR.UTF-8"):
        done = server.cli(*args, check=False, env={"LANG": lang, "LC_ALL": lang})
        assert done.returncode == 1, done
        (line,) = [x for x in done.stderr.splitlines() if x.startswith(f"parvis: {name}: ")]
        said[lang] = line.split(": ", 2)[2]
        assert len(said[lang]) > 10 and "/" not in line
    assert said["en_GB.UTF-8"] != said["fr_FR.UTF-8"]


@pytest.mark.parametrize("flag,value", [("--message", "\u202ex"), ("--access-ends-at", "2127-02-30"), ("--access-ends-at", "2001-01-01")])
def test_an_invitations_row_says_which_and_why(acme, server, flag, value):
    done = server.cli("invite", fresh(), "--organization", acme.slug, flag, value, check=False, env={"LC_ALL": "en_GB.UTF-8"})
    assert done.returncode == 1 and f"{flag}: " in done.stdout + done.stderr, done


ACCEPTED = {
    "a link": (["invite", "new@example.org", "--organization", "{org}", "--expires-in", "7"], "--expires-in", "1h–90d"),
    "a password": (["invite", "new@example.org", "--organization", "{org}", "--expires-in", "31d", "--temporary-password", "--delivery", "show"],
                   "--expires-in", "1h–30d"),
    "a key": (["api-key", "create", "K", "--organization", "{org}", "--member", "{owner}", "--expires-in", "7"], "--expires-in", "1h–3660d"),
    "a key's end": (["api-key", "create", "K", "--organization", "{org}", "--member", "{owner}", "--expires-in", "59m"], "--expires-in", "1h–3660d"),
    "a setting": (["organization", "set", "{org}", "--session-idle", "5"], "--session-idle", "15m–365d"),
    "a setting's bound": (["organization", "set", "{org}", "--reminder-after", "31d"], "--reminder-after", "1h–30d"),
    "a permission": (["api-key", "create", "K", "--organization", "{org}", "--member", "{owner}", "--permission", "members.read,members.eat"],
                     "--permission", "members.read, members.update"),
    "a role": (["member", "set-role", "{owner}", "boss", "--organization", "{org}"], "ROLE", "owner, administrator, member"),
    "roles": (["entitlement", "create", "key", "--organization", "{org}", "--name-fr", "F", "--name-en", "F", "--roles", "owner,boss"],
              "--roles", "owner, administrator, member"),
    "a query": (["member", "list", "--organization", "{org}", "--query", "x" * 201], "--query", "200"),
}


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("lang", ["en_GB.UTF-8", "fr_FR.UTF-8"])
def test_what_would_have_been_taken_is_said_with_the_flag_that_was_typed(acme, server, case, lang):
    args, name, accepted = ACCEPTED[case]
    args = [a.format(org=acme.slug, owner=acme.owner.email) for a in args]
    done = server.cli(*args, check=False, env={"LC_ALL": lang})
    (line,) = [x for x in done.stderr.splitlines() if x.startswith(f"parvis: {name}: ")]
    assert done.returncode == 1 and accepted in line, line
    if name == "--expires-in":
        assert "12h" in line and "7d" in line
