"""The command line's columns: each shows a field that a schema has, under a title in both languages."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLI = ROOT / "src/cli"
PROGRAM = """#include <stddef.h>
typedef struct reply_inner { int deep; } reply_inner;
typedef struct reply_thing { int id, default_; reply_inner inner; } reply_thing;
%s
typedef struct table_column { const char *title; const answer_path *path; } table_column;
extern const table_column columns[];
const table_column columns[] = {{"title", %s}};
"""


def titles():
    """Of every row of every table of columns."""
    text = "".join(path.read_text("utf-8") for path in CLI.glob("*.c"))
    tables = re.findall(r"table_column \w+\[\] = \{(.*?)\};", text, re.S)
    return {title for table in tables for title in re.findall(r'\{"(\w+)", AT', table)}


def test_every_title_is_in_both_catalogues_and_no_other():
    for language in ("en", "fr"):
        known = set(re.findall(r'^msgid "cli\.column\.(\w+)"', (ROOT / f"locale/{language}.po").read_text("utf-8"), re.M))
        assert titles() == known


def compiled(path):
    defines = "\n".join(re.findall(r"^typedef struct answer_path.*;$|^#define AT\w*[( ].*$", (CLI / "client.h").read_text("utf-8"), re.M))
    return subprocess.run(["cc", "-std=gnu17", "-Werror", "-fsyntax-only", "-x", "c", "-"], input=PROGRAM % (defines, path), capture_output=True, text=True)


@pytest.mark.parametrize("path", ["AT(thing, id)", "AT(thing, inner.deep)", 'AT_IN("thing.", thing, inner.deep)', "AT_KEYWORD(thing, default)",
                                  'AT_OWN("own")', "AT_WHOLE"])
def test_a_column_of_what_is_there(path):
    assert compiled(path).returncode == 0, compiled(path).stderr


@pytest.mark.parametrize("path, why", [("AT(thing, name)", "no member named"), ("AT(thing, inner.name)", "no member named"), ("AT(other, id)", "reply_other"),
                                       ('"id"', "incompatible pointer type")])
def test_a_column_that_no_schema_has_does_not_build(path, why):
    assert why in compiled(path).stderr
