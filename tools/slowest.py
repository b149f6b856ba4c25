#!/usr/bin/env python3
"""The ten slowest tests of what pytest reported, and the ten slowest files: slowest.py NAME.xml…"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as xml


def main():
    tests, files = collections.Counter(), collections.Counter()
    for report in filter(pathlib.Path.exists, map(pathlib.Path, sys.argv[1:])):
        for case in xml.parse(report).iter("testcase"):
            file = case.get("classname").replace(".", "/") + ".py"
            tests[f"{report.stem} {file}::{case.get('name')}"] += float(case.get("time"))
            files[f"{report.stem} {file}"] += float(case.get("time"))
    for what, found in (("tests", tests), ("files", files)):
        print(f"the slowest {what}, with what is set up for them:")
        for name, seconds in found.most_common(10):
            print(f"  {seconds:6.1f} s  {name[:150]}")


main()
