"""What must not build, tried with the compile commands, the include folders and the looks of the build that this runs in."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PARVIS_BUILD"])


def command_of(source):
    """How the build compiles this file, without what names its output."""
    for row in json.loads((BUILD / "compile_commands.json").read_text()):
        if os.path.realpath(BUILD / row["file"]) == str(ROOT / source):
            words = shlex.split(row["command"])
            ends = words.index("-MD") if "-MD" in words else words.index("-o")
            return words[:ends]
    raise AssertionError(f"{source} is not compiled")


def compiled(command, text, tmp_path):
    (tmp_path / "try.c").write_text(text)
    return subprocess.run([*command, "-o", str(tmp_path / "try.o"), "-c", str(tmp_path / "try.c")], cwd=BUILD, capture_output=True,
                          text=True, check=False)


# ---- a dropped error ----

BASE = '#include "base/err.h"\nerr tried(err (*call)(void), int n);\nstatic err one(void)\n{\n    return ERR_INTERNAL;\n}\n'
BODY = BASE + "err tried(err (*call)(void), int n)\n{\n    HERE\n    return n ? call() : one();\n}\n"
COMPILERS = {"the build's own": None, "gcc": "gcc", "clang": "clang"}
DROPPED = {"of a static function": "one();", "of a pointer to one": "call();", "of a function of another file": "tried(call, 0);",
           "behind a comma": "n++, one();", "in brackets": "(one());", "in a loop's head": "for (one(); n; n--)\n        ;",
           "in a loop's step": "for (; n; call())\n        n--;"}
KEPT = {"dropped on purpose": "(void)!one();", "passed on": "TRY(one());", "looked at": "if (one() != OK)\n        return OK;",
        "nothing": ""}


def compile_command(compiler):
    """The file's own command; another compiler takes of it what says how errors are judged."""
    own = command_of("src/domain/shared/page.c")
    if compiler is None:
        return own
    return [compiler, *(word for word in own if word.startswith(("-I", "-std=", "-W", "-D")) and not word.startswith("-Wshadow=")
                        and word != "-Wno-format-truncation")]


@pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS.keys())
@pytest.mark.parametrize("statement", DROPPED.values(), ids=DROPPED.keys())
def test_a_dropped_error(tmp_path, compiler, statement):
    done = compiled(compile_command(compiler), BODY.replace("HERE", statement), tmp_path)
    assert done.returncode != 0 and "unused-result" in done.stderr, done.stderr


def test_a_dropped_error_of_either_function(tmp_path):
    """gcc 12 does not look into ?:; clang does, and clang-tidy with it, over every file."""
    done = compiled(compile_command("clang"), BODY.replace("HERE", "n ? one() : call();"), tmp_path)
    assert done.returncode != 0 and "unused-result" in done.stderr, done.stderr


@pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS.keys())
@pytest.mark.parametrize("statement", KEPT.values(), ids=KEPT.keys())
def test_an_error_that_is_not_dropped(tmp_path, compiler, statement):
    done = compiled(compile_command(compiler), BODY.replace("HERE", statement), tmp_path)
    assert done.returncode == 0, done.stderr


# ---- an upward include ----

UPWARD = {
    "as its own room writes it": '#include "http/request.h"',
    "from where the file stands": '#include "../../http/request.h"',
    "with the whole path": '#include "{root}/src/http/request.h"',
    "by a macro": '#define UP "../../http/request.h"\n#include UP',
    "put together by macros": "#define TEXT_(x) #x\n#define TEXT(x) TEXT_(x)\n#include TEXT({root}/src/http/request.h)",
    "in angle brackets, up from a room below": "#include <base/../http/request.h>",
    "in angle brackets, the whole path": "#include <{root}/src/http/request.h>",
    "with needless steps": '#include ".././account/..//../http/./request.h"',
    "imported": '#import "../../http/request.h"',
    "where it is there": '#if __has_include("../../http/request.h")\n#include "../../http/request.h"\n#endif',
    "a source in place of a header": '#include "../../http/request.c"',
    "by another header": '#include "domain/account/way_up.h"',
    "the room to the right": '#include "../member/member.h"',
    "by a link that somebody laid": '#include "laid.h"',
}
BELOW = {"its own": '#include "domain/account/own.h"', "a room below": '#include "base/str.h"', "from where the file stands": '#include "own.h"'}
HOUSE = {"base/str.h": "", "http/request.h": "", "http/request.c": "", "domain/account/own.h": "", "domain/member/member.h": "",
         "domain/account/way_up.h": '#include "../../http/request.h"\n'}
NINJA = """rule cc
  command = cc -std=gnu2x -Isrc/include/domain/account -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
build src/libdomain_account.a.p/try.c.o: cc {source}
"""


@pytest.fixture
def house(tmp_path):
    """A house of five rooms, built and looked at by the tools of this one."""
    for name, text in HOUSE.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "src/domain/account/laid.h").symlink_to("../../http/request.h")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/rooms.py", tmp_path / "tools")
    build = tmp_path / "build"
    (build / "src").mkdir(parents=True)
    subprocess.run([sys.executable, ROOT / "tools/link_includes.py", tmp_path / "src", build / "src", "base:",
                    "domain/account:base", "domain/member:base,domain/account", "http:base,domain"], check=True)

    def made(text):
        """Whether the compiler took it, and what the look at the house says."""
        source = tmp_path / "src/domain/account/try.c"
        source.write_text(text.format(root=tmp_path) + "\n")
        (build / "build.ninja").write_text(NINJA.format(source=source))
        taken = subprocess.run(["ninja", "-C", build], capture_output=True, text=True, check=False)
        if taken.returncode != 0:
            return "no such file" in (taken.stdout + taken.stderr).lower(), taken.stdout
        looked = subprocess.run([sys.executable, tmp_path / "tools/rooms.py", build, "--headers"], capture_output=True, text=True,
                                check=False)
        return looked.returncode != 0, looked.stderr
    return made


@pytest.mark.parametrize("text", UPWARD.values(), ids=UPWARD.keys())
def test_an_upward_include(house, text):
    refused, why = house(text)
    assert refused, text
    assert "domain/account may not see" in why or text == UPWARD["as its own room writes it"], why


@pytest.mark.parametrize("text", BELOW.values(), ids=BELOW.keys())
def test_an_include_from_below(house, text):
    refused, why = house(text)
    assert not refused, why


def test_the_build_looks_at_what_was_read():
    lines = [line for line in (ROOT / "tools/build.sh").read_text().splitlines() if "rooms.py" in line]
    assert len(lines) == 1 and '"$folder" --headers' in lines[0] and "set -eu" in (ROOT / "tools/build.sh").read_text()
    done = subprocess.run([sys.executable, ROOT / "tools/rooms.py", BUILD, "--headers"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
