"""What the build must refuse of words: a state that a CHECK does not know or the table does not, one without its sentence, and one that
a statement or the API makes up."""
import os
import runpy
import subprocess
import sys
from unittest import mock

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
WORDS = """\
door_state:
  prefix: DOOR
  words: [open, shut]
  beside: [gone]
  columns: {door.state: all, gate.state: [open]}
  texts: {door: all}
wood:
  prefix: WOOD
  words: {oak: which lasts, elm: }
  unchecked: {door.wood: nobody counts them}
"""
SCHEMA = """\
CREATE TABLE door (
    id BLOB PRIMARY KEY NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'shut'), -- never CHECK (state = 'sold')
    wood TEXT NOT NULL,
    until_at INTEGER CHECK (state <> 'open' OR until_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE TABLE gate (
    id BLOB PRIMARY KEY NOT NULL,
    state TEXT CHECK (state IN ('open')),
    height INTEGER CHECK (height > 0)
) STRICT, WITHOUT ROWID;
"""
QUERY = "-- name: doors_open :many\nSELECT id FROM door WHERE state = 'open' AND wood IN ('oak', 'elm') AND state <> 'shut';\n"
API = "components: {schemas: {DoorState: {type: string, enum: [open, shut]}, Shown: {type: string, enum: [shut, open, gone]}, Way: {type: string, enum: [open, in]}}}\n"
TEXTS = {"door.open": "open", "door.shut": "shut", "door.gone": "gone"}


@pytest.fixture
def build(tmp_path):
    """Makes the table; the refusal as an assertion's text."""
    def run(words=WORDS, schema=SCHEMA, query=QUERY, api=API, en=None, fr=None):
        for name, text in {"spec/words.yaml": words, "spec/openapi.yaml": api, "spec/console.yaml": "{}\n", "migrations/0001-first.sql": schema,
                           "queries/door.sql": query}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        for language, texts in (("en", en or TEXTS), ("fr", fr or TEXTS)):
            (tmp_path / f"{language}.po").write_text('msgid ""\nmsgstr ""\n\n' + "".join(
                f'msgid "{key}"\nmsgstr "{text}"\n\n' for key, text in texts.items()))
        arguments = [tmp_path / name for name in ("spec", "migrations", "queries", "en.po", "fr.po", "words.h", "words.c", "words.d")]
        try:
            with mock.patch.object(sys, "argv", ["gen_words.py", *map(str, arguments)]):
                runpy.run_path(os.path.join(ROOT, "tools/gen_words.py"), run_name="__main__")
        except (SystemExit, yaml.YAMLError) as refusal:
            raise AssertionError(str(refusal)) from None
        return tmp_path
    return run


def changed(old, new, text=WORDS):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def refused(run, match, **kw):
    with pytest.raises(AssertionError, match=match):
        run(**kw)


def test_words_are_read_and_written(build):
    made = build()
    (made / "try.c").write_text("""\
#include "words.h"
int main(void)
{
    door_state is = DOOR_OPEN;
    bool read = door_state_of(S("gone"), &is) && is == DOOR_GONE && !door_state_of(S("sold"), &is) && is == DOOR_GONE && !door_state_of(STR_NONE, &is);
    bool written = str_eq(door_state_text(DOOR_SHUT), S("shut")) && wood_is(S("oak"), WOOD_OAK) && !wood_is(S("oa"), WOOD_OAK) && !wood_words[WOOD_COUNT].p;
    return read && written && DOOR_STORED == 2 && DOOR_COUNT == 3 ? 0 : 1;
}
""")
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", f"-I{made}", f"-I{ROOT}/src", made / "words.c", made / "try.c", "-o", made / "try"], check=True)
    subprocess.run([made / "try"], check=True)
    assert "migrations" in (made / "words.d").read_text() and "queries" in (made / "words.d").read_text()


# ---- the schema ----

def test_a_state_that_a_check_does_not_know(build):
    refused(build, "door.state: its CHECK refuses 'ajar', the table does not", words=changed("[open, shut]", "[open, shut, ajar]"), en=TEXTS | {"door.ajar": "ajar"},
            fr=TEXTS | {"door.ajar": "entrouverte"})


@pytest.mark.parametrize("old,new,match", [
    ("OR state = 'shut')", "OR state = 'shut' OR state = 'ajar')", "door.state: its CHECK takes 'ajar'"),
    ("(state = 'open' OR state = 'shut')", "(state = 'open')", "door.state: its CHECK refuses 'shut'"),
    ("IN ('open')", "IN ('open', 'shut')", "gate.state: its CHECK takes 'shut'"),
    ("IN ('open')", "<> 'gone'", "gate.state: its CHECK takes"),
    (" CHECK (state IN ('open'))", "", "gate.state has no CHECK"),
    ("wood TEXT NOT NULL", "wood TEXT NOT NULL CHECK (wood IN ('oak', 'elm'))", "unchecked: door.wood has a CHECK"),
    ("height INTEGER CHECK (height > 0)", "height TEXT CHECK (height IN ('low', 'high'))", "gate.height: its CHECK has words .high, low., and no set"),
    ("    state TEXT CHECK (state IN", "    standing TEXT CHECK (standing IN", "the schema has no gate.state"),
])
def test_what_table_and_checks_say_differently(build, old, new, match):
    refused(build, match, schema=changed(old, new, SCHEMA))


# ---- statements, the API and the catalogue ----

@pytest.mark.parametrize("old,new", [("= 'open'", "= 'opened'"), ("'oak', 'elm'", "'oak', 'fir'"), ("<> 'shut'", "<> 'closed'")])
def test_a_word_that_a_statement_makes_up(build, old, new):
    refused(build, "door.sql:2: (state|wood) is never '(opened|fir|closed)'", query=changed(old, new, QUERY))


def test_a_word_that_the_api_makes_up(build):
    refused(build, "DoorState: ajar: not among the words of door_state", api=changed("[open, shut]", "[open, shut, ajar]", API))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("texts", [{key: text for key, text in TEXTS.items() if key != "door.shut"}, TEXTS | {"door.gone": ""}])
def test_a_word_without_its_sentence(build, language, texts):
    refused(build, f"{language}.po: door.(shut|gone) has no text", **{language: texts})


# ---- the table itself ----

@pytest.mark.parametrize("old,new,match", [
    ("[open, shut]", "[open, shut, open]", "DOOR_OPEN stands twice"),
    ("prefix: WOOD", "prefix: wood", "a set has a name, a prefix and words"),
    ("prefix: WOOD\n  words: {oak: which lasts, elm: }", "prefix: DOOR\n  words: {open: , elm: }", "DOOR_OPEN stands twice"),
    ("[open, shut]", "[open, Shut]", "'Shut' is no word"),
    ("[open, shut]", "[on, shut]", "True is no word"),
    ("gate.state: [open]", "gate.state: [ajar]", "are no words of it"),
    ("texts: {door: all}", "text: {door: all}", "knows no 'text'"),
    ("{door.wood: nobody counts them}", "{door.wood: ''}", "says no reason"),
    ("{door.wood: nobody counts them}", "{door.colour: why}", "unchecked: door.colour"),
])
def test_a_table_that_says_something_else(build, old, new, match):
    refused(build, match, words=changed(old, new))
