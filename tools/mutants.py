#!/usr/bin/python3
"""Makes the mistakes of tests/mutants/*.yaml, one at a time, and says which of them the tests do not notice.

    mutants.py [--check] [--jobs N] [--keep-going] [ONLY…]

A mutant replaces a text that stands exactly once in its file. It is made in a copy of the tree (build/mutants/tree), built there
(build/mutants/build) and tried against the tests that its row names, until one of them fails; the checkout is never touched.
All named tests run first without any mutant: whoever names one that fails then is broken, and fails the run. ONLY names a room (the
table's file), an id, a kind, or the file that the mistake is in. Ends with 1 under 95 %, with 2 when the table does not fit.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLES = ROOT / "tests/mutants"
HOME = ROOT / "build/mutants"
TREE, BUILD, OUT = HOME / "tree", HOME / "build", HOME / "out"
OPTIONS = ["-Doptimization=1", "-Ddebug=false", "-Dtest_hooks=true", "-Dwarning_level=0"]
LEAST = 0.95
BUILD_SECONDS, TEST_SECONDS, RUN_SECONDS = 600, 60, 180
FIELDS = {"id", "kind", "file", "stands", "instead", "tests", "engine", "unnoticeable"}
ENGINES = {"sqlite": {}, "postgres": {"PARVIS_TEST_DATABASE": "postgres", "PARVIS_TEST_STORE": "postgres"}}  # what has tests run on it
KINDS = {
    "access": "who may",
    "audit": "what the record says",
    "bound": "sizes and shapes of what is sent",
    "counting": "seats, pages and sums",
    "escaping": "what is written into a page, a mail, a table",
    "expiry": "what is past its end",
    "half": "the second half of a condition: suspended, lapsed, closed, replaced",
    "isolation": "one organization and another",
    "keeping": "what is kept, replayed, swept and erased",
    "lifetime": "how long",
    "limit": "how many, how often",
    "mail": "what is mailed, to whom, and what waits",
    "proof": "what proves an address or a person",
    "second-door": "the other way to the same rule",
    "secret": "what makes a secret one",
    "throttle": "how guesses are slowed",
    "order": "what stands first, who comes next",
}


class Mutant:
    def __init__(self, room, row):
        self.room, self.id, self.kind, self.file = room, row.get("id"), row.get("kind"), row.get("file")
        self.stands, self.instead = row.get("stands"), row.get("instead")
        self.tests, self.engine = row.get("tests") or [], row.get("engine", "sqlite")
        self.unnoticeable = row.get("unnoticeable")
        self.unknown = set(row) - FIELDS
        self.outcome, self.by = None, ""

    def faults(self):
        """What is wrong with the row; nothing when it can be tried."""
        if self.unknown or not (self.id and self.file and isinstance(self.stands, str) and isinstance(self.instead, str)):
            yield f"id, file, stands and instead are asked for, and no others than {', '.join(sorted(FIELDS))}"
            return
        if self.kind not in KINDS:
            yield f"no kind: {self.kind}"
        if self.engine not in ENGINES:
            yield f"no engine: {self.engine}"
        source = ROOT / self.file
        count = source.read_text(encoding="utf-8").count(self.stands) if source.is_file() else -1
        if count != 1:
            yield f"{self.file}: " + ("no such file" if count < 0 else f"stands {count} times: {self.stands!r}")
        if self.stands == self.instead:
            yield "changes nothing"
        if bool(self.tests) == bool(self.unnoticeable):
            yield "names tests, or says why nothing can notice it"
        for test in self.tests:
            yield from faults_of_test(test)

    def __str__(self):
        return f"{self.room}/{self.id}"


def faults_of_test(test):
    if test == "build":
        return
    if test.startswith("unit/"):
        if not (ROOT / f"tests/unit/test_{test[5:]}.c").is_file():
            yield f"no such test: {test}"
        return
    path, _, name = test.partition("::")
    source = ROOT / "tests" / path
    if not source.is_file() or not re.search(rf"^def {re.escape(name.split('[')[0])}\(", source.read_text(encoding="utf-8"), re.M):
        yield f"no such test: {test}"


def load():
    """The table, and what is wrong with it."""
    mutants, faults, seen = [], [], set()
    for path in sorted(TABLES.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            m = Mutant(path.stem, row)
            mutants.append(m)
            faults += [f"{m}: {fault}" for fault in m.faults()]
            if m.id in seen:
                faults.append(f"{m}: there is another one of this name")
            seen.add(m.id)
    return mutants, faults


# ---- the copy


def copy_tree():
    """The checkout as it is now, written only where it differs, so that little is built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    wanted = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    there = {str(p.relative_to(TREE)) for p in TREE.rglob("*") if p.is_file() and "__pycache__" not in p.parts} if TREE.exists() else set()
    for name in there - wanted:
        (TREE / name).unlink()
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if name in there and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(source, target)
    if {n for n in there ^ wanted if n.startswith("src/") and n.endswith(".c")} and (BUILD / "build.ninja").exists():
        (TREE / "src/meson.build").touch()  # sources are found by folder


def run(command, seconds, **kw):
    """(ended well, what it said); a time-out is no good end. What it started goes with it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True, **kw)
    try:
        said, _ = process.communicate(timeout=seconds)
        return process.returncode == 0, said
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        said, _ = process.communicate()
        return False, said + "\ntime-out"
    except BaseException:
        os.killpg(process.pid, 9)
        raise


def set_up():
    if not (BUILD / "build.ninja").exists():
        shutil.rmtree(BUILD, ignore_errors=True)
        good, said = run(["meson", "setup", str(BUILD), str(TREE), *OPTIONS], BUILD_SECONDS)
        if not good:
            sys.exit(said)


def targets_of(tests):
    return sorted({f"tests/unit/test_{t[5:]}" if t.startswith("unit/") else "parvis" for t in tests if t != "build"} or {"parvis"})


def build(targets):
    return run(["nice", "ninja", "--quiet", "-C", str(BUILD), *targets], BUILD_SECONDS)


def carry_off(targets, name):
    """What was built, in a folder of its own: the next mutant is built while this one is tried."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    for target in targets:
        shutil.copy(BUILD / target, folder / pathlib.Path(target).name)
    return folder


# ---- trying


def in_order(tests):
    """As they stand in their files, whose tests share a server."""
    def place(test):
        path, _, name = test.partition("::")
        return path, (ROOT / "tests" / path).read_text(encoding="utf-8").find(f"def {name.split('[')[0]}(")
    return sorted(tests, key=place)


def environment(engine, **more):
    return {**{k: v for k, v in os.environ.items() if k not in ENGINES["postgres"]}, **ENGINES[engine], **more}


def pytest(folder, tests, name, engine, more=()):
    temporary = pathlib.Path(tempfile.gettempdir()) / name  # a short path: a Unix socket's has a hundred bytes
    shutil.rmtree(temporary, ignore_errors=True)
    env = environment(engine, PARVIS_BINARY=str(folder / "parvis"), PYTHONDONTWRITEBYTECODE="1")
    command = [os.environ.get("PYTHON", "/usr/bin/python3"), "-m", "pytest", "--timeout", str(TEST_SECONDS), "--tb=line"]
    try:
        return run([*command, "--basetemp", str(temporary), *more, *(f"tests/{t}" for t in in_order(tests))],
                   RUN_SECONDS + TEST_SECONDS * len(tests), cwd=ROOT, env=env)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def try_unit(folder, test, engine):
    return run([str(folder / f"test_{test[5:]}")], RUN_SECONDS, cwd=folder, env=environment(engine, PARVIS_PROJECT=str(ROOT)))


def first_failure(said):
    found = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(\S+)", said, re.M)
    return found.group(1) if found else "time-out" if said.endswith("time-out") else said.strip()[-200:].replace("\n", " ")


def try_mutant(m, folder):
    """Notes whether one of its tests fails, and which."""
    outside = [t for t in m.tests if not t.startswith("unit/") and t != "build"]
    try:
        for test in m.tests:
            if test.startswith("unit/") and not try_unit(folder, test, m.engine)[0]:
                m.outcome, m.by = "noticed", test
                return
        good, said = pytest(folder, outside, f"{m.room}-{m.id}"[:40], m.engine, ["-x"]) if outside else (True, "")
        m.outcome, m.by = ("unnoticed", "") if good else ("noticed", first_failure(said))
        if not good and re.search(r"no tests ran|errors? during collection|not found:", said):
            m.outcome, m.by = "broken", said[-400:]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def baseline(mutants, jobs):
    """The named tests without any mutant: those that fail, by engine. Each file by itself, side by side."""
    named = sorted({(m.engine, t) for m in mutants for t in m.tests if t != "build"})
    targets = sorted({"parvis", *targets_of([t for _, t in named])})
    good, said = build(targets)
    if not good:
        sys.exit(said)
    folder = carry_off(targets, "without")
    files = collections.defaultdict(list)
    for engine, test in named:
        files[engine, test.partition("::")[0]].append(test)

    def try_file(item):
        (engine, path), tests = item
        good, said = (try_unit(folder, path, engine) if path.startswith("unit/")
                      else pytest(folder, tests, f"without-{engine}-{pathlib.Path(path).stem}", engine))
        failing = [] if good else re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.M) or [f"{path}: {said[-400:]}"]
        return [(engine, failure) for failure in failing]

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return [failure for found in pool.map(try_file, sorted(files.items())) for failure in found]


def make(m, pool, room_left):
    """Builds one mutant and hands it to whoever tries it. The text is back before anything else happens."""
    path = TREE / m.file
    text = path.read_text(encoding="utf-8")
    targets = targets_of(m.tests)
    lines = m.stands.count("\n") - m.instead.count("\n") if path.suffix == ".sql" else 0  # a header says where statements stand
    path.write_text(text.replace(m.stands, m.instead + "\n" * lines), encoding="utf-8")
    try:
        good, said = build(targets)
        folder = carry_off(targets, f"{m.room}-{m.id}") if good else None
    finally:
        path.write_text(text, encoding="utf-8")
    if not good:
        m.outcome, m.by = ("noticed", "build") if "build" in m.tests else ("broken", said[-1500:])
        return None
    room_left.acquire()
    job = pool.submit(try_mutant, m, folder)
    job.add_done_callback(lambda _: (room_left.release(), say(m)))
    return job


def say(m):
    print(f"{m.outcome:9} {m}" + (f"  ({m.by})" if m.by else ""), flush=True)


def try_all(mutants, jobs):
    """One builds, the others try: mutants of one file come one after the other, so that little is built for each."""
    room_left = threading.Semaphore(jobs + 1)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        begun = []
        for m in sorted(mutants, key=lambda m: (m.file, targets_of(m.tests))):
            job = make(m, pool, room_left)
            if job:
                begun.append(job)
            else:
                say(m)
        for job in begun:
            job.result()


# ---- saying


def chosen(mutants, only):
    if not only:
        return mutants
    return [m for m in mutants if {m.room, m.id, m.kind, m.file, pathlib.Path(m.file).name} & set(only)]


def report(mutants, skipped, seconds):
    """The table by kind, what was not noticed, and whether that is little enough."""
    kinds = collections.defaultdict(list)
    for m in mutants:
        kinds[m.kind].append(m)
    for kind in sorted(kinds):
        good = sum(m.outcome == "noticed" for m in kinds[kind])
        print(f"{kind:12} {good:3} of {len(kinds[kind]):3}  {KINDS[kind]}")
    for m in mutants:
        if m.outcome != "noticed":
            print(f"\n{m.outcome}: {m} ({m.kind}), {m.file}\n  stands:  {m.stands.strip()}\n  instead: {m.instead.strip()}\n"
                  f"  tried:   {' '.join(m.tests)}" + (f"\n{m.by}" if m.outcome == "broken" else ""))
    for m in skipped:
        print(f"\nnot to be noticed: {m}: {m.unnoticeable}")
    good = sum(m.outcome == "noticed" for m in mutants)
    late = sum(m.by == "time-out" or "Timeout" in m.by for m in mutants)
    print(f"\nmutants: {good} of {len(mutants)} noticed, {late} of them by a time-out, in {seconds:.0f} s")
    return good >= LEAST * len(mutants) and not any(m.outcome == "broken" for m in mutants)


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--check", action="store_true", help="only whether the table fits what stands there")
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many are tried side by side")
    asked.add_argument("only", nargs="*")
    wish = asked.parse_args()
    began = time.monotonic()
    mutants, faults = load()
    if faults:
        print("\n".join(faults), f"\nmutants: {len(faults)} rows do not fit what stands there", file=sys.stderr)
        return 2
    if wish.check:
        print(f"mutants: {len(mutants)} fit what stands there")
        return 0
    mine = chosen(mutants, wish.only)
    tried = [m for m in mine if not m.unnoticeable]
    if not tried:
        sys.exit("mutants: none of these")
    shutil.rmtree(OUT, ignore_errors=True)
    copy_tree()
    set_up()
    failing = baseline(tried, wish.jobs)
    print(f"{len(tried)} mutants; their tests without them took {time.monotonic() - began:.0f} s",
          *(f"on {engine}: {failure}" for engine, failure in failing), sep="\n  fails: ", flush=True)
    for m in tried:
        useless = [f for engine, f in failing for t in m.tests
                   if engine == m.engine and f.split("[")[0].rpartition("tests/")[2].startswith(t.split("[")[0])]
        m.outcome, m.by = ("broken", "fails without it: " + useless[0]) if useless else (None, "")
    try_all([m for m in tried if not m.outcome], wish.jobs)
    return 0 if report(tried, [m for m in mine if m.unnoticeable], time.monotonic() - began) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
