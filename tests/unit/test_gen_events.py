"""What the build must refuse of events: one that the table does not know, one without a sentence in both languages, a field that is not
its own, and one that no source writes."""
import os
import runpy
import subprocess
import sys
from unittest import mock

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
SPEC = """\
subjects: [door, house]
actors:
  people: [account, operator]
shapes:
  paint: [colour, default]
events:
  door.opened: {subject: door, by: [people], after: [key, 'hour?'], detail: [name]}
  door.painted: {subject: door, by: [account, system], before: paint, after: paint}
  door.fell_shut: {subject: house, by: [system], refusal: true}
"""
EN = {"door.opened": "{actor} opened {subject} with {after.key} for {detail.name}", "door.painted": "{subject} was painted {after.colour}",
      "door.fell_shut": "{subject} fell shut"}
FR = {"door.opened": "{actor} a ouvert {subject} avec {after.key} pour {detail.name}", "door.painted": "{subject} est maintenant {after.colour}",
      "door.fell_shut": "{subject} s’est refermée"}
SOURCE = """\
#include "domain/shared/audit.h"
err walk(txn *t, const actor *by, uuid id);
err walk(txn *t, const actor *by, uuid id)
{
    const said_paint was = {.colour = S("red"), .default_ = S("true")};
    TRY(audit(t, by, EVENT_DOOR_OPENED, .subject_id = id, .after = {.key = S("iron")}, .detail = {.name = S("Zoé")}));
    TRY(audit(t, by, EVENT_DOOR_PAINTED, .subject_id = id, .before = was, .after = {.colour = S("blue")}));
    return audit(t, by, EVENT_DOOR_FELL_SHUT, .subject_id = id, .organization_id = id, .took_a_secret = true);
}
"""


def tool(name, *arguments):
    """Runs a generator in this process, which starts no other; its refusal as an assertion's text."""
    try:
        with mock.patch.object(sys, "argv", [name, *map(str, arguments)]):
            runpy.run_path(os.path.join(ROOT, "tools", name), run_name="__main__")
    except (SystemExit, yaml.YAMLError) as refusal:
        raise AssertionError(str(refusal)) from None


@pytest.fixture
def generate(tmp_path):
    """The folder of what is generated, or the refusal as an assertion's text."""
    def run(spec=SPEC, en=EN, fr=FR, source=SOURCE):
        (tmp_path / "events.yaml").write_text(spec)
        for language, sentences in (("en", en), ("fr", fr)):
            (tmp_path / f"{language}.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "door.title"\nmsgstr "Doors"\n\n' + "".join(
                f'msgid "event.{action}"\nmsgstr "{text}"\n\n' for action, text in sentences.items()))
        (tmp_path / "src/room").mkdir(parents=True, exist_ok=True)
        (tmp_path / "src/room/walk.c").write_text(source)
        made = tmp_path / "made"
        made.mkdir(exist_ok=True)
        tool("gen_events.py", tmp_path / "events.yaml", tmp_path / "en.po", tmp_path / "fr.po", tmp_path / "src",
             made / "event_table.h", made / "event_table.c", tmp_path / "events.d")
        return made
    return run


@pytest.fixture
def build(generate, tmp_path):
    """Compiles the table and a source that writes its events; the compiler's refusal as an assertion's text."""
    def run(spec=SPEC, source=SOURCE):
        made = generate(spec, source=source)
        tool("gen_permissions.py", f"{ROOT}/spec/permissions.yaml", f"{ROOT}/spec/words.yaml", made / "permission_table.h")
        tool("gen_ids.py", f"{ROOT}/spec/openapi.yaml", f"{ROOT}/spec/console.yaml", made / "ids.h")
        tool("gen_words.py", f"{ROOT}/spec", f"{ROOT}/src/store/migrations", f"{ROOT}/src/store/queries", f"{ROOT}/locale/en.po",
             f"{ROOT}/locale/fr.po", made / "words.h", made / "words.c", tmp_path / "words.d")
        tool("gen_problems.py", f"{ROOT}/spec/problems.yaml", made / "problem_codes.h")
        done = subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", "-D_GNU_SOURCE",
                               f"-I{made}", f"-I{ROOT}/src", made / "event_table.c", made.parent / "src/room/walk.c"],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            raise AssertionError(done.stderr)
    return run


def refused(run, match, *args, **kw):
    with pytest.raises(AssertionError, match=match):
        run(*args, **kw)


def changed(old, new, text=SPEC):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def without(sentences, action):
    return {known: text for known, text in sentences.items() if known != action}


def test_a_whole_table_builds(build):
    build()


# ---- what the code says ----

def test_an_event_that_the_table_does_not_know(build):
    refused(build, "EVENT_DOOR_SOLD", source=changed("    return", "    TRY(audit(t, by, EVENT_DOOR_SOLD, .subject_id = id));\n    return", SOURCE))


@pytest.mark.parametrize("old,new,match", [
    (".key = S(\"iron\")", ".kee = S(\"iron\")", "no member named 'kee'"),
    (".key = S(\"iron\")", ".name = S(\"iron\")", "no member named 'name'"),  # personal, and so a detail
    (".after = {.colour = S(\"blue\")}", ".after = {.colour = S(\"blue\"), .key = S(\"iron\")}", "no member named 'key'"),
    (".after = {.colour = S(\"blue\")}", ".detail = {.colour = S(\"blue\")}", "no member named 'detail'"),
    (".took_a_secret = true", ".after = {.key = S(\"iron\")}", "no member named 'after'"),
    (".after = {.key = S(\"iron\")}", ".after = was", "incompatible types"),
    (".organization_id = id", ".subject_kind = S(\"door\")", "no member named 'subject_kind'"),
])
def test_a_field_that_is_not_the_events(build, old, new, match):
    refused(build, match, source=changed(old, new, SOURCE))


def test_an_actor_that_there_is_not(build):
    refused(build, "ACTOR_BURGLAR", changed("people: [account, operator]", "people: [account, burglar]"))


def test_an_event_that_no_code_writes(generate):
    unused = changed("    return audit(t, by, EVENT_DOOR_FELL_SHUT, .subject_id = id, .organization_id = id, .took_a_secret = true);", "{}", SOURCE)
    for instead in ("return OK;", "return OK; /* audit(t, by, EVENT_DOOR_FELL_SHUT) */", "return OK; // audit(t, by, EVENT_DOOR_FELL_SHUT)",
                    "return EVENT_DOOR_FELL_SHUT;", "return audit(t, by, EVENT_DOOR_FELL_SHUT_AGAIN);"):
        refused(generate, "door.fell_shut: no source writes EVENT_DOOR_FELL_SHUT", source=unused.replace("{}", instead))


# ---- what people read ----

@pytest.mark.parametrize("action", list(EN))
def test_an_event_without_a_sentence(generate, action):
    refused(generate, rf"{action}: .*fr\.po has no sentence event\.{action}", fr=without(FR, action))
    refused(generate, rf"{action}: .*en\.po has no sentence event\.{action}", en=without(EN, action))
    refused(generate, rf"{action}: .*fr\.po has no sentence", fr={**FR, action: " "})


def test_a_sentence_without_an_event(generate):
    refused(generate, r"fr\.po: event\.door\.sold is no event's", fr={**FR, "door.sold": "Porte vendue"})


@pytest.mark.parametrize("action,name", [
    ("door.opened", "after.kee"), ("door.opened", "key"), ("door.opened", "before.key"), ("door.opened", "detail.key"), ("door.painted", "after.name"),
    ("door.opened", "after.hour"),  # not every such line has one
    ("door.fell_shut", "actor"),    # it does so by itself
    ("door.opened", ""), ("door.opened", "Actor"),
])
def test_a_sentence_that_asks_for_what_it_is_not_given(generate, action, name):
    refused(generate, rf"{action}: its sentence names \{{{name}\}}", fr={**FR, action: FR[action] + " {" + name + "}"})
    refused(generate, rf"{action}: its sentence names \{{{name}\}}", en={**EN, action: EN[action] + " {" + name + "}"})


def test_who_may_act_among_others_may_be_named(generate):
    generate(fr={**FR, "door.painted": "{actor} a peint {subject} en {before.colour}"})


# ---- what the table says ----

@pytest.mark.parametrize("old,new,match", [
    ("door.opened: {subject: door", "door.opened: {subject: roof", "roof is no subject"),
    ("door.opened: {subject: door, ", "door.opened: {", "None is no subject"),
    ("subjects: [door, house]", "subjects: [door, house, roof]", "no event has the subject roof"),
    ("  paint: [colour, default]", "  paint: [colour, default]\n  wax: [scent]", "no event has the shape wax"),
    ("before: paint,", "before: wax,", "wax is no shape"),
    ("detail: [name]", "details: [name]", "knows no 'details'"),
    ("detail: [name]", "detail: [name, name]", "name is said twice"),
    ("'hour?'", "'key?'", "key is said twice"),
    ("detail: [name]", "detail: [Name]", "'Name' is no field's name"),
    ("detail: [name]", "detail: [first name]", "'first name' is no field's name"),
    ("paint: [colour, default]", "paint: [colour, colour]", "colour is said twice"),
    ("by: [people]", "by: []", "by whom"),
    (", by: [people]", "", "by whom"),
    ("refusal: true", "refusal: false", "refusal is true"),
    ("  door.fell_shut:", "  door-fell-shut:", "an event is called"),
    ("  door.fell_shut:", "  door.painted:", "door.painted is said twice"),
])
def test_a_table_that_makes_no_sense(generate, old, new, match):
    refused(generate, match, changed(old, new))


def test_what_stays_the_same_is_not_written_again(generate):
    """Each source that changes asks again: the rest of the program is not compiled for it."""
    made = [generate() / name for name in ("event_table.h", "event_table.c")]
    for path in made:
        os.utime(path, (1, 1))
    generate(source=SOURCE + "/* more */\n")
    assert [os.path.getmtime(path) for path in made] == [1, 1]
    generate(changed("'hour?'", "hour"))
    assert all(os.path.getmtime(path) > 1 for path in made[1:])
