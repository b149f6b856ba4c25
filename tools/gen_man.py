#!/usr/bin/env python3
"""The program's own --help -> parvis.1, so that the manual never says what the program does not.

gen_man.py PROGRAM VERSION OUT
"""
import os
import re
import subprocess
import sys

program, version, target = sys.argv[1:4]

HEAD = """\
.TH PARVIS 1 "" "Parvis {version}" "Parvis"
.SH NAME
parvis \\- who belongs here, what may they do, and how do they get in
.SH SYNOPSIS
.B parvis
.I command
.RI [ --flag " ...] [" argument " ...]"
.SH DESCRIPTION
Parvis is a self-hosted server that invites people into organizations.
.B parvis serve
runs it. Every other command is a client of its HTTP interface: while the server runs, over the socket
.IR data /parvis.sock;
while none runs, the command serves itself for as long as it takes. Whoever may open the data folder is the operator.
"""

TAIL = """\
.SH ENVIRONMENT
Each setting is also an environment variable (\\fBPARVIS_PUBLIC_URL\\fR for \\fB--public-url\\fR) and a key of
.I parvis.ini
(\\fBpublic_url\\fR). A flag goes before the environment, the environment before the file, the file before the default.
French is spoken where
.BR LC_ALL ", " LC_MESSAGES " or " LANG
says so.
.SH FILES
.TP
.I ./parvis.ini, /etc/parvis/parvis.ini
Settings; the first that is there.
.TP
.I data/parvis.db
The database. Do not open it with other programs while the server runs.
.TP
.I data/key
The key that seals secrets. Back it up apart from the data.
.SH EXIT STATUS
0: done. 1: refused or failed, with one clear sentence on standard error. 2: wrong usage.
"""


def help_of(*words):
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True, env=environment).stdout


def rows(text, title):
    """The rows under one heading, as pairs: those whose left side is long stand on two lines."""
    found = re.search(rf"^{title}\n((?:  .*\n| +.*\n)*)", text, re.M)
    lines, pairs = (found[1].splitlines() if found else []), []
    for line in lines:
        if line.startswith("   "):
            pairs[-1][1] = line.strip()
        else:
            left, _, right = line[2:].partition("  ")
            pairs.append([left.strip(), right.strip()])
    return pairs


def roff(text):
    """Escaped: no line may begin with a control character, hyphens in flags are minus signs."""
    text = text.replace("\\", "\\\\").replace("-", "\\-").replace("’", "\\(cq").replace("“", "\\(lq").replace("”", "\\(rq")
    text = text.replace("…", "...")
    return "\\&" + text if text[:1] in ".'" else text


def flag_rows(pairs):
    for left, right in pairs:
        flag, _, value = left.partition(" ")
        yield f".TP\n\\fB{roff(flag)}\\fR" + (f" \\fI{roff(value)}\\fR" if value else "") + f"\n{roff(right)}\n"


with open(target, "w", encoding="utf-8") as out:
    out.write(HEAD.format(version=version) + ".SH COMMANDS\n")
    for name, summary in rows(help_of(), "Commands:"):
        text = help_of(*name.split())
        usage = re.match(r"Usage: parvis (.*)", text)[1]
        out.write(f".SS {roff(usage)}\n{roff(summary)}\n" + "".join(flag_rows(rows(text, "Flags:"))))
    serve = help_of("serve")
    out.write(".SH FLAGS OF EVERY COMMAND\n" + "".join(flag_rows(rows(serve, "Flags of every command:"))))
    out.write(".SH SETTINGS\n" + "".join(flag_rows(rows(serve, "Settings.*:"))) + TAIL)
