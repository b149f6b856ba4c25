"""What the command line printed, and how it refused."""

import json


def documents(done):
    """One JSON document a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def document(done):
    found = documents(done)
    assert len(found) == 1, done.stdout
    return found[0]


def refused(done, code=1):
    """Exit code, one or more clear lines on standard error, nothing on standard output."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("parvis: ") and done.stdout == ""
    return done.stderr
