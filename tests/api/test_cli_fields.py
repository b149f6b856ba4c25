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
