#!/usr/bin/env python3
"""What each migration was when it was last agreed on: src/store/migrations/SUMS, a line a migration.

    NNNN-name  open|frozen  SHA-256 of the file  SHA-256 of what PostgreSQL is given

A released migration is never edited, and neither is what the generator makes of it: databases hold their checksum, and two schemas
would have one number. Without arguments: whether all is as the lines say. `renew` writes the lines of those that are open, and of
new ones; `freeze` makes an end of that, for good.
"""
import hashlib
import pathlib
import sys

import gen_queries

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "src/store/migrations"


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: (state, *sums) for name, state, *sums in (line.split() for line in lines)}


def sums_of(folder):
    return {f"{number:04d}-{title}": (digest, hashlib.sha256(gen_queries.postgres_ddl(text).encode()).hexdigest())
            for _, number, title, digest, text in gen_queries.load_migrations(str(folder))}


def faults(agreed, there):
    for name in sorted(agreed.keys() | there.keys()):
        state, *sums = agreed.get(name, ("open",))
        if name not in there:
            yield f"{name} is gone: databases that it made would not be taken"
        elif state not in ("open", "frozen"):
            yield f"{name} is {state}, which is neither open nor frozen"
        elif not sums:
            yield f"{name} has no line yet: tools/migration_sums.py renew"
        elif tuple(sums) != there[name]:
            engines = " and ".join(engine for engine, a, b in zip(("SQLite", "PostgreSQL"), sums, there[name]) if a != b)
            yield f"{name} is another than was agreed on ({engines}): " + (
                "it was released, write the next one" if state == "frozen" else "tools/migration_sums.py renew, if that is meant")


def renewed(agreed, there, state):
    """The lines anew; what is frozen stays as it stands."""
    kept = {name: entry for name, entry in agreed.items() if entry[0] == "frozen"}
    return {name: kept.get(name, (state, *sums)) for name, sums in there.items()} | kept


def main(folder=FOLDER, what=None):
    folder = pathlib.Path(folder)
    path, there = folder / "SUMS", sums_of(folder)
    if what in ("renew", "freeze"):
        lines = renewed(read(path), there, "frozen" if what == "freeze" else "open")
        path.write_text("".join(f"{name} {' '.join(lines[name])}\n" for name in sorted(lines)), encoding="utf-8")
    return "\n".join(faults(read(path), there))


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:] not in ([], ["renew"], ["freeze"]):
        sys.exit(__doc__)
    sys.exit(main(FOLDER, *sys.argv[1:]) or 0)
