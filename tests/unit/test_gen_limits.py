"""What the generator of limits_table.h must refuse: a duration without a unit, a door that is none, a row that nobody uses."""
import os
import subprocess
import sys

import pytest

GENERATOR = os.path.join(os.path.dirname(__file__), "../../tools/gen_limits.py")
OPENAPI = """
paths:
  /things: {post: {operationId: make_thing, requestBody: {content: {application/json: {schema: {properties: {names: {type: array, maxItems: 9}}}}}}}}
components: {schemas: {Name: {properties: {words: {type: array, items: {properties: {word: {maxLength: 30}}}}}}}}
"""
CONSOLE = "paths: {/thing: {get: {operationId: thing_page}, post: {operationId: thing_form}}}"
SETTINGS = "things_per_hour: {type: integer}"
SPEC = """
rates:
  make: {what: things made, per: account, most: 5, every: 1h, doors: [make_thing, thing_form]}
  long: {what: long things, per: account, most: 1, every: link_lifetime, doors: [make_thing]}
  many: {what: many things, per: organization, setting: things_per_hour, every: 1d, doors: [make_thing]}
tries:
  guess: {what: guesses, per: source, free: 4, longest: 15m, source: true, doors: [thing_form]}
  known: {what: own guesses, per: browser, free: 10, then: guess, doors: [thing_form]}
lifetimes:
  link_lifetime: {what: a link, per: link, lasts: 7d, doors: [thing_page]}
counts:
  names_max: {what: names, per: thing, most: 9, fields: [make_thing.names], doors: [make_thing]}
  letters: {what: letters, per: word, most: 30, fields: [Name.words.word], doors: [make_thing]}
  rows: {what: rows, per: page, most: 3, doors: [thing_page]}
bounds:
  rest: {what: a rest, per: thing, least: 1h, most: 30d, doors: [make_thing]}
  width: {what: a width, per: thing, least: 0, doors: [make_thing]}
"""
USES = ("""
static const rate_rule *const rules[] = {&RATE_MAKE, &RATE_LONG};

static err take(txn *t, str s)
{
    TRY(count(rules, s));
    return count(RATE_MANY(s));
}

err api_make_thing(request *r, txn *t)
{
    return take(t, S("THROTTLE_KNOWN"));
}

err console_thing_form_admit(request *r, txn *t)
{
    return guess(THROTTLE_GUESS) ? OK : rate_take(t, &RATE_MAKE);
}

#define KNOWN(of) guess(THROTTLE_KNOWN, of)

err console_thing_form(request *r, txn *t)
{
    return KNOWN(LINK_LIFETIME + ROWS + BOUNDS(REST) + WIDTH_LEAST);
}
""",)


@pytest.fixture
def generate(tmp_path):
    """The header, or the refusal as an assertion's text."""
    def run(spec=SPEC, uses=USES):
        source, out = tmp_path / "src", tmp_path / "limits_table.h"
        (source / "room").mkdir(parents=True, exist_ok=True)
        (source / "generated").mkdir(exist_ok=True)
        (source / "generated/limits_table.h").write_text("RATE_IDLE\n")
        (source / "room/a.c").write_text("/* RATE_IDLE */ // RATE_IDLE\n" + "\n".join(uses))
        for name, text in (("openapi", OPENAPI), ("console", CONSOLE), ("settings", SETTINGS), ("limits", spec)):
            (tmp_path / f"{name}.yaml").write_text(text)
        out.unlink(missing_ok=True)
        done = subprocess.run([sys.executable, GENERATOR, tmp_path / "limits.yaml", source, out, tmp_path / "limits.d"],
                              capture_output=True, text=True)
        if done.returncode:
            assert not out.exists(), "what is refused writes nothing"
            raise AssertionError(done.stderr)
        assert str(source / "room/a.c") in (tmp_path / "limits.d").read_text()
        return out.read_text()
    return run


def changed(old, new):
    assert SPEC.count(old) == 1, old
    return SPEC.replace(old, new)


def test_a_whole_table_is_written(generate):
    header = generate()
    for line in ('static const rate_rule RATE_MAKE = {"make", (1 * (msec)MSEC_HOUR), 5};',
                 '#define RATE_MANY(settings) ((rate_rule){"many", (1 * (msec)MSEC_DAY), (settings)->things_per_hour})',
                 'RATE_LONG = {"long", LINK_LIFETIME, 1};', '[THROTTLE_GUESS] = {S_INIT("guess"), 4, (15 * (msec)MSEC_MINUTE), true}',
                 '[THROTTLE_KNOWN] = {S_INIT("known"), 10, 0, false}', "#define LINK_LIFETIME (7 * (msec)MSEC_DAY)",
                 "enum { NAMES_MAX = 9 };", "#define REST_LEAST (1 * (msec)MSEC_HOUR)", "#define REST_MOST (30 * (msec)MSEC_DAY)",
                 "#define WIDTH_LEAST 0"):
        assert line in header, header
    assert "WIDTH_MOST" not in header


@pytest.mark.parametrize("old", ["every: 1h", "longest: 15m", "lasts: 7d"])
@pytest.mark.parametrize("value", ["7", "7w", "h", "0h", "1.5h", "1 h", "-1h", "''", "~"])
def test_a_duration_has_a_unit(generate, old, value):
    key = old.split(":")[0]
    with pytest.raises(AssertionError, match=f"{key}: .* is no duration"):
        generate(changed(old, f"{key}: {value}"))


@pytest.mark.parametrize("old,new,match", [
    ("most: 5", "most: 5h", "most: 5h is no number"),
    ("most: 5", "most: -1", "most: -1 is no number"),
    ("most: 5", "most: true", "is no number"),
    ("free: 4", "free: some", "free: some is no number"),
    ("least: 1h", "least: 1w", "neither a number nor a duration"),
    ("most: 5, ", "", "make: says most, or a setting"),
    ("setting: things_per_hour", "setting: things_per_week", "things_per_week is no setting"),
    ("setting: things_per_hour", "setting: things_per_hour, most: 3", "many: says most, or a setting"),
    ("then: guess", "then: known", "then: known is no other row"),
    ("then: guess", "then: nobody", "then: nobody is no other row"),
    (", then: guess", "", "says the longest wait, or what then"),
    ("what: a link, ", "", "link_lifetime: says no what"),
    ("per: link, ", "", "link_lifetime: says no per"),
    ("lasts: 7d, ", "", "link_lifetime: says no lasts"),
    ("lasts: 7d", "lasts: 7d, most: 3", "link_lifetime: knows no most"),
    ("most: 9", "most: 10", "names_max: make_thing.names takes 9"),
    ("Name.words.word]", "Name.words.letter]", "Name.words.letter takes None"),
])
def test_what_makes_no_sense_is_refused(generate, old, new, match):
    with pytest.raises(AssertionError, match=match):
        generate(changed(old, new))


@pytest.mark.parametrize("doors,match", [("[thing_pages]", "thing_pages is no operationId"), ("[]", "guards no door"),
                                         ("[thing_page, thing]", "thing is no operationId")])
def test_a_door_is_an_operation(generate, doors, match):
    with pytest.raises(AssertionError, match=match):
        generate(changed("lasts: 7d, doors: [thing_page]", "lasts: 7d, doors: " + doors))


@pytest.mark.parametrize("old,new,match", [
    ("make_thing, thing_form]", "make_thing]", "rates.make: thing_form asks it, too"),
    ("every: link_lifetime, doors: [make_thing]", "every: link_lifetime, doors: [make_thing, thing_form]", "rates.long: thing_form never comes to RATE_LONG"),
    ("source: true, doors: [thing_form]", "source: true, doors: [thing_form, make_thing]", "tries.guess: make_thing never comes to THROTTLE_GUESS"),
    ("then: guess, doors: [thing_form]", "then: guess, doors: [make_thing]", "tries.known: thing_form asks it, too"),
    ("every: 1d, doors: [make_thing]", "every: 1d, doors: [make_thing], not_at: {why: [thing_form]}", "rates.many: thing_form never comes"),
    ("every: 1d, doors: [make_thing]", "every: 1d, doors: [make_thing], not_at: {why: [make_thing]}", "rates.many: make_thing is said twice"),
    ("every: 1d, doors: [make_thing]", "every: 1d, doors: [make_thing], tried: [thing_form]", "tried: thing_form is no door of it"),
    ("every: 1d, doors: [make_thing]", "every: 1d, asked_by: [KNOWN], doors: [make_thing]", "rates.many: thing_form asks it, too"),
])
def test_the_doors_are_those_that_the_sources_have(generate, old, new, match):
    """Through a table, a static function, a macro or what admits: neither one too few nor one too many."""
    with pytest.raises(AssertionError, match=match):
        generate(changed(old, new))


def test_a_door_that_never_asks_is_said_with_its_reason(generate):
    generate(changed("make_thing, thing_form]", "make_thing], not_at: {it is asked elsewhere: [thing_form]}"))
    generate(changed("every: 1d, doors: [make_thing]", "every: 1d, asked_by: [KNOWN], doors: [thing_form]"))


def test_a_row_that_nobody_uses_does_not_build(generate):
    """Neither in a comment nor in what is generated."""
    for word in "RATE_MAKE RATE_LONG RATE_MANY THROTTLE_GUESS THROTTLE_KNOWN LINK_LIFETIME ROWS REST WIDTH_LEAST".split():
        with pytest.raises(AssertionError, match="nobody uses"):
            generate(uses=[USES[0].replace(word, "x")])
    idle = "  idle: {what: nothing, per: account, most: 5, every: 1h, doors: [make_thing]}\n"
    with pytest.raises(AssertionError, match="rates.idle: nobody uses RATE_IDLE"):
        generate(changed("tries:\n", idle + "tries:\n"))


def test_nothing_is_said_twice(generate):
    with pytest.raises(AssertionError, match="make is said twice"):
        generate(changed("  many: {", "  make: {"))
    with pytest.raises(AssertionError, match="REST_MOST is counts.rest_most's"):
        generate(changed("  rows: {what", "  rest_most: {what"), uses=[*USES, "REST_MOST"])
    with pytest.raises(AssertionError, match="bound: a section too many"):
        generate(changed("bounds:", "bound:"))
