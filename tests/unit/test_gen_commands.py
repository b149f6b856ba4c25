"""What the build must refuse of the command line and of ids: a command without a text, words that are none, a prefix that is no thing's."""
import os
import runpy
import sys
from unittest import mock

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
COMMANDS = """\
door list: {flags: {state: {words: door_state, or: any}, wide: ~}}
door set-colour: {arguments: DOOR COLOUR, required: [house], flags: {house: SLUG, shade: [light, dark]}, queues_mail: true}
door open: {arguments: DOOR…, least: 0}
"""
WORDS = "door_state: {prefix: DOOR, words: [open, shut], beside: [gone]}\n"
TEXTS = ["cli.command.door.list", "cli.command.door.set-colour", "cli.command.door.open", "cli.flag.state", "cli.flag.wide", "cli.flag.house", "cli.flag.shade"]
OPENAPI = "x-ids: {door: dor, house: hou}\npaths: {/doors: {get: {schema: {x-prefix: dor}}}}\n"
CONSOLE = "paths: {/houses: {get: {schema: [{x-prefix: hou}]}}}\n"


def tool(name, *arguments):
    """Runs a generator in this process; its refusal as an assertion's text."""
    try:
        with mock.patch.object(sys, "argv", [name, *map(str, arguments)]):
            runpy.run_path(os.path.join(ROOT, "tools", name), run_name="__main__")
    except (SystemExit, yaml.YAMLError) as refusal:
        raise AssertionError(str(refusal)) from None


@pytest.fixture
def commands(tmp_path):
    """(header, source)"""
    def run(spec=COMMANDS, texts=TEXTS):
        for name, text in {"commands.yaml": spec, "words.yaml": WORDS,
                           "en.po": 'msgid ""\nmsgstr ""\n\n' + "".join(f'msgid "{key}"\nmsgstr "said"\n\n' for key in texts)}.items():
            (tmp_path / name).write_text(text)
        tool("gen_commands.py", *(tmp_path / name for name in ("commands.yaml", "words.yaml", "en.po", "out.h", "out.c")))
        return (tmp_path / "out.h").read_text(), (tmp_path / "out.c").read_text()
    return run


@pytest.fixture
def ids(tmp_path):
    def run(openapi=OPENAPI, console=CONSOLE):
        (tmp_path / "openapi.yaml").write_text(openapi)
        (tmp_path / "console.yaml").write_text(console)
        tool("gen_ids.py", *(tmp_path / name for name in ("openapi.yaml", "console.yaml", "ids.h")))
        return (tmp_path / "ids.h").read_text()
    return run


def test_commands_are_written(commands):
    header, source = commands()
    assert "int run_door_set_colour(cli *c);" in header
    for row in ('{"state", "open|shut|any", false}', '{"wide", NULL, false}', '{"house", "SLUG", true}', '{"shade", "light|dark", false}',
                '.name = "door list", .arguments = "", .least = 0, .most = 0, .run = run_door_list, .flags = flags_door_list}',
                '.arguments = "DOOR COLOUR", .least = 2, .most = 2, .run = run_door_set_colour, .flags = flags_door_set_colour, .queues_mail = true}',
                '.arguments = "DOOR…", .least = 0, .most = -1, .run = run_door_open}'):
        assert row in source


@pytest.mark.parametrize("old,new,match", [
    ("door open:", "door paint:", "no text cli.command.door.paint"),
    ("door open:", "door Open:", "no command's name"),
    ("wide: ~", "yes: ~", "--True is no flag.s name"),
    ("wide: ~", "narrow: ~", "no text cli.flag.narrow"),
    ("wide: ~", "wide: ''", "--wide: '' is no argument"),
    ("words: door_state", "words: window_state", "--state: .* is no set of words.yaml"),
    ("[light, dark]", "[on, off]", "--shade: .* is no list of words"),
    ("required: [house]", "required: [garden]", "requires --garden"),
    ("least: 0", "most: 0", "knows no 'most'"),
    ("queues_mail: true", "queues_mail: false", "queues_mail is true"),
    ("door open:", "door list:", "door list is said twice"),
])
def test_a_command_that_does_not_build(commands, old, new, match):
    assert COMMANDS.count(old) == 1
    with pytest.raises(AssertionError, match=match):
        commands(spec=COMMANDS.replace(old, new))


def test_ids_are_written(ids):
    assert '#define ID_DOOR S("dor")\n#define ID_HOUSE S("hou")\n' in ids()


@pytest.mark.parametrize("what,old,new,match", [
    ("openapi", "{x-prefix: dor}", "{x-prefix: win}", "x-prefix win: x-ids says of no thing"),
    ("console", "{x-prefix: hou}", "{x-prefix: dor}", "house: no schema and no path has the x-prefix hou"),
    ("openapi", "house: hou", "house: dor", "house: dor is another's"),
    ("openapi", "house: hou", "house: house", "house is no prefix of three letters"),
])
def test_an_id_that_does_not_build(ids, what, old, new, match):
    text = {"openapi": OPENAPI, "console": CONSOLE}[what]
    assert text.count(old) == 1
    with pytest.raises(AssertionError, match=match):
        ids(**{what: text.replace(old, new)})
