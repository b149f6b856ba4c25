"""What the build must refuse of the console: a notice without a text or that nobody says, a right of a template that is none, a page in
the navigation that is no member's."""
import os
import runpy
import sys
from unittest import mock

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
CONSOLE = """\
x-notices: {info: [gone], warning: [some_left]}
paths:
  /o/{org}: {get: {operationId: home_page, x-access: member, x-nav: {text: nav.home, icon: home}}}
  /o/{org}/doors: {get: {operationId: doors_page, x-permission: doors.read, x-nav: {text: nav.doors, icon: door}}, post: {operationId: doors_form}}
  /me: {get: {operationId: me_page}}
"""
PERMISSIONS = "doors.read: [owner]\ndoors.paint: [owner]\n"
CATALOG = 'msgid ""\nmsgstr ""\n\nmsgid "notice.gone"\nmsgstr "Gone"\n\nmsgid "notice.painted"\nmsgstr "Painted"\n\nmsgid "notice.some_left"\n' \
          'msgid_plural "notice.some_left"\nmsgstr[0] "One left"\nmsgstr[1] "{count} left"\n'
SOURCE = "a(NOTICE_GONE); b(NOTICE_PAINTED); c(NOTICE_SOME_LEFT, 2);\n"
PAGE = "{{#may.doors_paint}}<button>{{t.paint}}</button>{{/may.doors_paint}}\n"


@pytest.fixture
def build(tmp_path):
    """(header, source), or the refusal as an assertion's text."""
    def run(console=CONSOLE, catalog=CATALOG, source=SOURCE, page=PAGE):
        files = {"console.yaml": console, "permissions.yaml": PERMISSIONS, "en.po": catalog, "src/doors.c": source, "templates/partials/door.mustache": page}
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        arguments = [tmp_path / name for name in ("console.yaml", "permissions.yaml", "en.po", "src", "templates", "out.h", "out.c", "out.d")]
        try:
            with mock.patch.object(sys, "argv", ["gen_console.py", *map(str, arguments)]):
                runpy.run_path(os.path.join(ROOT, "tools/gen_console.py"), run_name="__main__")
        except (SystemExit, yaml.YAMLError) as refusal:
            raise AssertionError(str(refusal)) from None
        return (tmp_path / "out.h").read_text(), (tmp_path / "out.c").read_text()
    return run


def test_what_stands_there_is_written(build):
    header, source = build()
    assert "NOTICE_GONE,\n    NOTICE_PAINTED,\n    NOTICE_SOME_LEFT,\n" in header
    for row in ('{S_INIT("gone"), S_INIT("notice.gone"), S_INIT("is_info"), false}', '{S_INIT("painted"), S_INIT("notice.painted"), S_INIT("is_success"), false}',
                '{S_INIT("some_left"), S_INIT("notice.some_left"), S_INIT("is_warning"), true}', '{S_INIT("/o/{org}"), S_INIT("home"), "nav.home", 0}',
                '{S_INIT("/o/{org}/doors"), S_INIT("door"), "nav.doors", PERM_DOORS_READ}', '{S_INIT("doors_paint"), PERM_DOORS_PAINT}'):
        assert row in source
    assert "PERM_DOORS_READ}" in source and '"doors_read"' not in source  # no template asks for it


@pytest.mark.parametrize("what,old,new,match", [
    ("console", "info: [gone]", "info: [went]", "no text notice.went"),
    ("console", "info: [gone]", "info: [gone, some_left]", "some_left is of two kinds"),
    ("console", "info: [gone]", "loud: [gone]", "loud is none of"),
    ("source", "a(NOTICE_GONE); ", "", "notice.gone: no source says NOTICE_GONE"),
    ("page", "{{#may.doors_paint}}", "{{#may.doors_sell}}", "may.doors_sell: no right"),
    ("page", "{{#may.doors_paint}}", "{{^may.doors_sell}}", "may.doors_sell: no right"),
    ("console", "x-nav: {text: nav.doors, icon: door}", "x-nav: {text: nav.doors}", "/o/{org}/doors: x-nav is"),
    ("console", "{operationId: me_page}", "{operationId: me_page, x-access: member, x-nav: {text: nav.me, icon: me}}", "/me: x-nav is"),
    ("console", "x-permission: doors.read", "x-access: public", "/o/{org}/doors: in the navigation, and not for members"),
    ("console", "info: [gone]", "info: [gone], info: []", "info is said twice"),
])
def test_what_does_not_build(build, what, old, new, match):
    text = {"console": CONSOLE, "source": SOURCE, "page": PAGE}[what]
    assert text.count(old) == 1
    with pytest.raises(AssertionError, match=match):
        build(**{what: text.replace(old, new)})
