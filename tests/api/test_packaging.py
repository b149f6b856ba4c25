"""What stands in packaging/ fits what the server does. tests/proxies/ runs it; this reads it, in every run of the suite."""

import re

import pytest

from lib.server import ROOT
from lib.spec import largest_body

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "kb": 1000, "mb": 1000**2, "kib": 1 << 10, "mib": 1 << 20}
# What limits a body in each proxy, and what holds where nothing is said.
LIMITS = {"nginx.conf": (r"client_max_body_size\s+(\d+)([kmg]?);", 1 << 20),
          "Caddyfile": (r"max_size\s+(\d+)([a-z]*)", None),
          "haproxy.cfg": (r"req\.body_size\s+gt\s+(\d+)()", None)}


@pytest.mark.parametrize("name", LIMITS)
def test_a_proxy_takes_the_largest_body_that_we_take(name):
    pattern, silent = LIMITS[name]
    text = re.sub(r"(?m)#.*$", "", (ROOT / "packaging" / name).read_text())
    found = [int(number) * UNITS[unit.lower()] for number, unit in re.findall(pattern, text)]
    allowed = min(found) if found else silent
    assert allowed is None or allowed >= largest_body()[0], f"{name} refuses what {largest_body()[1]} takes"
