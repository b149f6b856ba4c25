#!/usr/bin/env python3
"""Words of spec/words.yaml that the sources spell: a literal where the enum's name belongs. lint_words.py FILES…

Names of what a page's template or a sentence fills in are none of these words; nor is what another vocabulary calls so, which stands
below with its reason."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from yaml_once import load  # noqa: E402

ELSEWHERE = {
    ("src/api/invitation.c", "invited"): "an outcome of inviting",
    ("src/api/server.c", "account"): "what an address that waits would take",
    ("src/cli/command.h", "none"): "what one types to take a value away",
    ("src/cli/invite.c", "invited"): "an outcome of inviting",
    ("src/console/api_keys.c", "all"): "a form's choice of rights",
    ("src/cli/organization.c", "none"): "what one types to take a value away",
    ("src/cli/say.c", "address"): "a flag",
    ("src/cli/say.c", "member"): "a flag",
    ("src/cli/say.c", "password"): "a flag",
    ("src/console/invite_draft.c", "invited"): "an outcome of inviting",
    ("src/console/member_options.c", "none"): "a form's choice of an end",
    ("src/console/members.c", "none"): "aria-sort",
    ("src/console/join.c", "accept"): "what an invitation's page offers",
    ("src/domain/lifecycle/door.c", "accept"): "what an invitation's page offers",
    ("src/domain/lifecycle/door.c", "none"): "what an invitation's page offers",
    ("src/domain/lifecycle/temporary_replace.c", "temporary"): "what is wrong with a password",
    ("src/domain/mail/mail.h", "reset"): "a detail of a mail",
    ("src/http/exchange.c", "accept"): "a header",
    ("src/ports/config_form.c", "password"): "how a setting's name ends",
    ("src/ports/pasted_heading.c", "address"): "a column's heading",
    ("src/ports/pasted_heading.c", "family"): "a column's heading",
    ("src/ports/pasted_heading.c", "given"): "a column's heading",
    ("src/ports/pasted_heading.c", "sent"): "a column's heading",
    ("src/ports/pasted_mark.c", "address"): "what stands before people in a list",
    ("src/ports/pasted_mark.c", "en"): "and, in Dutch lists",
    ("src/ports/pasted_mark.c", "member"): "what stands before people in a list",
    ("src/ports/template_check.c", "link"): "how a variable's name ends",
    ("src/ports/webauthn.c", "none"): "a format of attestation",
}
LITERAL = re.compile(r'\bS(_INIT)?\("([a-z_]+)"\)')
NAME = re.compile(r'\{$|\bm_set_\w+\([^"?]*$')  # {S("role"), text} and m_set_object(m, S("member"))


def literals(path, words):
    with open(path, encoding="utf-8") as source:
        code = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), source.read(), flags=re.S)
    for number, line in enumerate(code.split("\n"), 1):
        for found in LITERAL.finditer(line):
            is_name = not found[1] and NAME.search(line[:found.start()])
            if found[2] in words and not is_name:
                yield number, found[2]


def main(paths):
    spec = load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../spec/words.yaml"))
    words = {word for row in spec.values() for word in [*row["words"], *(row.get("beside") or [])]}
    used, found = set(), []
    for path in paths:
        for number, word in literals(path, words):
            if (path, word) in ELSEWHERE:
                used.add((path, word))
            else:
                found.append(f"{path}:{number}: \"{word}\" is a word of spec/words.yaml")
    found += [f"{path}: says \"{word}\" no more" for path, word in sorted(ELSEWHERE.keys() - used)]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
