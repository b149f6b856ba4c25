#!/usr/bin/env python3
"""The house as it is built: which room reads which, from what the compiler noted (ninja's record of headers), and which calls
which, from what the objects ask the linker for.

    rooms.py BUILD                 draws it
    rooms.py BUILD --write FILE    draws it between the marks in FILE
    rooms.py BUILD --headers       says nothing, or fails: a header was read, by whatever spelling, that its room may not see
    rooms.py BUILD --check         and more: a call upward; three files or more that call each other in a ring; a header of
                                   the domain whose functions are in a file of another name

What a room may see stands in the build itself: the links in its include folder (src/meson.build).
"""

import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
# What a room may not see of what stands below it: answers of the API are written by their schemas alone (http/reply.h).
HIDDEN = {"api": {"http/json.h", "http/answer_json.h"}}
MARKS = ("<!-- rooms: made by make rooms -->\n", "<!-- rooms end -->\n")


def room_of(path):
    """The folder of src/ that a file belongs to: domain/account, http; generated files to whom they are made for."""
    parts = path.split("/")
    if parts[0] == "generated":
        return "generated/" + parts[1]
    return "/".join(parts[:2]) if parts[0] == "domain" and len(parts) > 2 else parts[0]


def in_src(build, path):
    """A path as ninja noted it, relative to src/ (generated files: to the build's src/); None for what is elsewhere."""
    real = os.path.realpath(build / path)
    for root in (SRC, build / "src"):
        if real.startswith(str(root) + "/"):
            return real[len(str(root)) + 1 :]
    return None


def read_headers(build):
    """{source: {headers}}, all relative to src/."""
    out = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found = {}
    for block in out.split("\n\n"):
        head, *lines = block.splitlines() or [""]
        target = head.split(":")[0]
        if not target.startswith("src/lib") or not target.endswith(".o"):
            continue
        paths = [p for p in (in_src(build, line.strip()) for line in lines) if p]
        source = next((p for p in paths if p.endswith(".c")), None)
        if source and not source.startswith("generated/"):
            found[source] = set(paths) - {source}
    return found


def visible(build, room):
    """What the links in a room's include folder lead to."""
    folder = build / "src/include" / room
    links = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_symlink()}
    return links | {"generated/" + link.split("/")[0] for link in links | {room}}


def may_see(rooms, room):
    return room in rooms or room.split("/")[0] in rooms


def upward(build, headers):
    seen = {}
    for source, read in sorted(headers.items()):
        room = room_of(source)
        rooms = seen.setdefault(room, visible(build, room))
        for header in sorted(read):
            if not may_see(rooms, room_of(header)) or header in HIDDEN.get(room, ()):
                yield f"src/{source} reads src/{header}, which {room} may not see"


def symbols(build):
    """{source: (defines, asks for)}; what is defined weakly, or is the sanitizer's, counts for nothing."""
    found = {}
    for path in sorted((build / "src").glob("lib*.a.p/*.o")):
        name = path.name[: -len(".c.o")]
        # Meson writes a path's slashes as underscores: the file that fits is the one.
        source = next((s for s in SOURCES if s[:-2].replace("/", "_") == name), None)
        if not source:
            continue
        out = subprocess.run(["nm", "-g", "--format=posix", path], capture_output=True, text=True, check=True).stdout
        rows = [line.split()[:2] for line in out.splitlines()]
        found[source] = ({n for n, k in rows if k not in "UwW"}, {n for n, k in rows if k == "U"})
    return found


SOURCES = sorted(str(p.relative_to(SRC)) for p in SRC.rglob("*.c"))


def calls(names):
    """{source: {sources whose functions or data it uses}}"""
    owner = {name: source for source, (defines, _) in names.items() for name in defines}
    return {s: {owner[n] for n in uses if owner.get(n, s) != s} for s, (_, uses) in names.items()}


def rings(graph):
    """Tarjan's strongly connected sets of more than one."""
    index, low, stack, sets = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            if len(stack) - at > 1:
                sets.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for v in sorted(graph):
        if v not in index:
            visit(v)
    return sets


def strangers(names):
    """Headers that declare functions of a file of another name: {header: {source: [functions]}}"""
    owner = {name: source for source, (defines, _) in names.items() for name in defines}
    found = {}
    for path in sorted(SRC.rglob("*.h")):
        header = str(path.relative_to(SRC))
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        declared = re.findall(r"^[a-zA-Z_][\w *]*?\b(\w+)\s*\(", text, flags=re.M)
        others = collections.defaultdict(list)
        for name in declared:
            if owner.get(name, header[:-2] + ".c") != header[:-2] + ".c":
                others[owner[name]].append(name)
        if others:
            found[header] = dict(others)
    return found


def check(build):
    yield from upward(build, read_headers(build))
    names = symbols(build)
    graph = calls(names)
    seen = {}
    for source, used in sorted(graph.items()):
        room = room_of(source)
        rooms = seen.setdefault(room, visible(build, room))
        for other in sorted(used):
            if not may_see(rooms, room_of(other)):
                yield f"src/{source} calls src/{other}, which {room} may not see"
    for ring in rings(graph):
        if len(ring) > 2:
            yield "these call each other in a ring: " + ", ".join(ring)
    for header, others in strangers(names).items():
        if header.startswith("domain/"):
            yield f"src/{header} declares what is in " + ", ".join(f"src/{s} ({', '.join(n)})" for s, n in others.items())


def draw(build):
    """A row a room, from the ground up; a column for each it uses: how many of its files read a header there, and how many
    calls they make. What stands right of the diagonal would be an arrow upward."""
    headers, graph = read_headers(build), calls(symbols(build))
    rooms = {room_of(s) for s in headers}
    below = {room: {r for r in rooms if may_see(visible(build, room), r)} for room in rooms}
    order = sorted(rooms, key=lambda room: (len(below[room]), room))
    reads, uses = collections.Counter(), collections.Counter()
    for source, read in headers.items():
        for room in {room_of(h) for h in read}:
            reads[room_of(source), room] += 1
    for source, used in graph.items():
        for other in used:
            uses[room_of(source), room_of(other)] += 1
    short = [room.split("/")[-1] for room in order]
    width = max(len(s) for s in short)
    lines = [" " * (width + 1) + " ".join(f"{s[:7]:>7}" for s in short)]
    for i, room in enumerate(order):
        cells = []
        for other in order:
            cell = f"{reads[room, other]}/{uses[room, other]}" if reads[room, other] or uses[room, other] else "·"
            cells.append(f"{'■' if room == other else cell:>7}")
        lines.append(f"{short[i]:<{width}} " + " ".join(cells))
    pairs = [ring for ring in rings(graph)]
    lines += ["", f"rings of more than two files: {sum(len(r) > 2 for r in pairs)}; of two: {sum(len(r) == 2 for r in pairs)}"]
    lines += ["  " + " and ".join(r) for r in pairs]
    declared = strangers(symbols(build))
    lines += [f"headers that declare another file's functions: {len(declared)}"]
    return "\n".join(lines) + "\n"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if "--check" in sys.argv or "--headers" in sys.argv:
        faults = list(check(build) if "--check" in sys.argv else upward(build, read_headers(build)))
        print("".join(f"{f}\n" for f in faults), end="", file=sys.stderr)
        return 1 if faults else 0
    picture = draw(build)
    if "--write" not in sys.argv:
        print(picture, end="")
        return 0
    path = pathlib.Path(sys.argv[sys.argv.index("--write") + 1])
    before, rest = path.read_text().split(MARKS[0])
    path.write_text(before + MARKS[0] + "```\n" + picture + "```\n" + MARKS[1] + rest.split(MARKS[1])[1])
    return 0


sys.exit(main())
