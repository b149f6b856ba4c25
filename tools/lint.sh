#!/bin/sh
# Everything that can be found without running the program. Each look runs even when an earlier one found something.
#   lint.sh          the analyzers read what changed since everything was found clean, and what includes it
#   lint.sh --all    they read everything, and tools/linted.txt is written when nothing was found
# Needs the configured build/fuzz: its compile commands are clang's.
set -u
cd "$(dirname "$0")/.."
status=0
export PYTHON="${PYTHON:-/usr/bin/python3}"
jobs=$(nproc)

look() { # look NAME COMMAND…: the command's output is shown when it fails
    name=$1
    shift
    if out=$("$@" 2>&1); then echo "lint $name: nothing found"; else
        printf '%s\n' "$out"
        echo "lint $name: FOUND"
        status=1
    fi
}
none() { # none PATTERN FILES…: fails, and shows, when a line matches
    ! grep -nPH -- "$@"
}
none_across() { # the same over several lines
    ! grep -PzoH -- "$@" | tr '\0' '\n' | grep .
}

sources=$(git ls-files 'src/*.c')
every_c=$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')
# shellcheck disable=SC2086 — lists of files, none with a space
{
    look format tools/format.sh --check
    look "banned calls" none '\b(strcpy|strncpy|stpcpy|strcat|strncat|v?sprintf|gets|ato[if]|atoll?|strtok(_r)?|alloca|mktemp|tmpnam|system|popen|rand|srand|random)\s*\((?!\))' $sources
    # The engine keeps its own record of migrations, looks over its own references, notes how far a copy has come, and sets up sessions.
    look "SQL in C" none '"[^"]*\b(SELECT\s.+\bFROM|INSERT\s+(OR \w+ )?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b' $(printf "%s\n" $sources | grep -vE "^src/store/(sqlite_(migrate|check|copy)|postgres_(own|schema|copy|connect)|copy_marks).c$")
    # In statements and migrations the generator refuses them.
    look "what a distributed database lacks" none '"[^"]*\b(pg_(try_)?advisory\w*|LISTEN|NOTIFY|pg_notify|nextval|LOCK TABLE|CREATE (TRIGGER|SEQUENCE|FUNCTION))\b' $sources
    look "seats are verbs" none '\w(\.|->)(held|used)\s*(\+\+|--|[-+]?=(?!=))' $(git ls-files 'src/domain/*.c' | grep -v '^src/domain/organization/seat.c$')
    look "seats are added up in one place" none '(\.|->)(held|used)\s*[-+](?!>)|[-+]\s*\w+(\.|->)held\b' $(git ls-files 'src/api/*.[ch]' 'src/console/*.[ch]' 'src/cli/*.[ch]' 'src/domain/*.[ch]' | grep -v '^src/domain/organization/seat\.[ch]$')
    look "what lapsed is taken off in one place" none '^(?!-- share: ).*\bheld\s*-' $(git ls-files 'src/store/queries/*.sql')
    # Finding a row, locking it, finding it again: domain/shared/held.h has it once; throttle.c holds many counters at a time.
    look "rows are held in one place" none '\bstore_hold_(turn|first)\b' $(git ls-files 'src/*.c' | grep -vE '^src/(store/|domain/shared/(held|throttle)\.c$)')
    # Whoever frees what a caller was to get leaves NULL there, for the caller may free what it holds on its way out.
    look "what a caller gets is not left freed" none_across '\n[^\n]*\b\w*(free|clear|decref|close|finalize)\(\*(\w+)\);\n(?!\s*\*\2 = NULL;)(?!\}\n)' $sources
    look "only one room knows it" tools/lint_rooms.sh
    # spec/limits.yaml has them: counters, lifetimes, waits. Dates in words (phrase.c) and what the wall shows are none.
    look "limits beside their table" none '\brate_rule\s+\w+(\[\])?\s*=\s*\{|\(rate_rule\)\s*\{|\w*LIFETIME\w*\s*=\s*[\d(M]|#define\s+\w*LIFETIME|\w+_(TRIES|RESENDS)\s*=\s*\d' $every_c
    look "times beside their table" none '[=,{*(]\s*(\(msec\)\s*)?MSEC_(MINUTE|HOUR|DAY)\b' $(git ls-files 'src/domain/*.[ch]' | grep -vE '/(phrase|session|mail).c$')
    look "limits in the documents" "$PYTHON" tools/gen_limits.py --check
    look "words beside their table" "$PYTHON" tools/lint_words.py $(git ls-files 'src/*.[ch]')
    look "unfinished" none '\b(TODO|FIXME|XXX|HACK)\b|[Nn]ot (yet )?implemented' $every_c $(git ls-files 'tools/*' 'templates/*' 'spec/*' 'locale/*' | grep -v '^tools/lint.sh$')
    look "tests that skip" none 'pytest\.(skip|mark\.(skip|xfail))|skipif|importorskip|\bskip\(\)' $(git ls-files 'tests/*.py' 'tests/*.c')
    look texts "$PYTHON" tools/gen_catalog.py --check locale/en.po locale/fr.po .
    look problems "$PYTHON" tools/lint_problems.py
    look documents "$PYTHON" tools/lint_docs.py
    look "comments and their width" "$PYTHON" tools/lint_comments.py
    look "one header, one source" "$PYTHON" tools/lint_headers.py
    look "mistakes that the suite must notice" "$PYTHON" tools/mutants.py --check
    analyzed=$("$PYTHON" tools/lint_sources.py "$@") || status=1
    echo "lint: cppcheck and clang-tidy read $(printf '%s' "$analyzed" | grep -c '') sources of $(printf '%s\n' $sources | grep -c '')"
    look cppcheck tools/cppcheck.sh "$jobs" $analyzed
    look clang-tidy tools/tidy.sh "$jobs" $analyzed
}
if [ $status = 0 ] && [ "${1:-}" = --all ]; then "$PYTHON" tools/lint_sources.py --note; fi
exit $status
