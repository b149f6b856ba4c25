"""What PostgreSQL alone reaches: its own TPC-B-like script, and the very statements that the server sends for a request."""

import os
import re
import subprocess
import time

import rig
from lib import postgres

PROGRAM = "pgbench"
MARK = "\x1e"  # before each entry of the log
WATCH = re.compile("clock_timestamp|mail WHERE next_at")  # what the server asks by itself, once in a while
SCALE = int(os.environ.get("BENCH_SCALE", "64"))  # as many branches as clients, as its manual asks for


def _run(uri, *args):
    done = subprocess.run([PROGRAM, *args, uri], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rate(text):
    return float(re.search(r"tps = ([\d.]+) \(without initial", text).group(1))


def tpcb(database, clients=rig.CONNECTIONS):
    """Transactions a second of the built-in script, prepared."""
    connection = postgres.connect(database.base + "postgres")
    connection.cursor().execute("CREATE DATABASE tpcb")
    connection.close()
    uri = database.base + "tpcb"
    _run(uri, "-i", "-q", "-s", str(SCALE))
    return _rate(_run(uri, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(rig.SECONDS)))


def logged(database, work):
    """[(text with $1…, its parameters)] of all that the database is asked while `work` runs, as its own log shows it."""
    database.set(log_statement="all", log_parameter_max_length="-1", log_line_prefix=MARK)
    begin = database.log().stat().st_size
    work()
    time.sleep(0.3)  # the end of a reading transaction is not waited for
    text = database.log().read_text(errors="replace")[begin:]
    database.set(log_statement="none")
    found = []
    for entry in text.split(MARK)[1:]:
        said = re.match(r"LOG:  (?:execute [^:]*|statement): (.*)", entry, re.S)
        given = re.match(r"DETAIL:  parameters: (.*)", entry, re.S)
        if said:
            found.append((re.sub(r"\s+", " ", said.group(1)).strip(), []))
        elif given:
            found[-1][1].extend(re.findall(r"\$\d+ = (NULL|'(?:[^']|'')*')", given.group(1)))
    return [(text, given) for text, given in found if not re.match("ALTER SYSTEM|SELECT pg_reload_conf", text)]


def statements_of(database, request):
    """What one request comes to."""
    request()  # connects, and prepares what was not
    return [(text, given) for text, given in logged(database, request) if not WATCH.search(text)]


def script_of(statements):
    """(a script for pgbench, its -D options): the parameters become variables, NULL stands in the text."""
    lines, defined = [], []
    for text, given in statements:
        def named(match):
            value = given[int(match.group(1)) - 1]
            if value in ("NULL", "''"):  # -D takes neither
                return value
            name = f"v{len(defined)}"
            defined.append(f"{name}={value[1:-1].replace(chr(39) * 2, chr(39))}")
            return f":{name}"
        lines.append(re.sub(r"\$(\d+)", named, text) + ";\n")
    return "".join(lines), [x for pair in defined for x in ("-D", pair)]


def replay(stage, database, request, connections=rig.CONNECTIONS):
    """How often a second pgbench runs what `request` makes the server run, prepared, with as many clients."""
    script, defined = script_of(statements_of(database, request))
    path = stage.folder / "replayed.sql"
    path.write_text(script)
    return _rate(_run(stage.server.uri, "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(rig.SECONDS),
                      *defined, "-f", str(path)))
