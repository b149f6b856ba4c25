"""Where the time goes: perf, over the server (and the database) while one kind of request is all it gets.

profile.py check|page|invite|spread|bulk [--engine postgres] [--members 1000] [--markdown]: the share of each program and
library, and the functions that take the most. Needs perf (linux-perf) and the right to use it.
"""

import argparse
import re
import subprocess
import threading

import bench
import rig

TOP = 14


def recorded(folder, pids, load):
    """perf's report while `load` runs: [(share, program or library, function)]"""
    data = folder / "perf.data"
    perf = subprocess.Popen(["perf", "record", "-q", "-o", str(data), "-F", "999", "-p", ",".join(map(str, pids)), "--",
                             "sleep", str(rig.SECONDS)], stderr=subprocess.DEVNULL)
    load()
    perf.wait()
    report = subprocess.run(["perf", "report", "-i", str(data), "--stdio", "--no-children", "-F", "overhead,dso,symbol"],
                            capture_output=True, text=True, check=True).stdout
    found = re.findall(r"(?m)^\s+([\d.]+)%\s+(\S+)\s+\[[.k]\] (.+?)\s*$", report)
    return [(float(share), dso, symbol) for share, dso, symbol in found]


def loads(stage):
    return {"check": stage.check, "page": lambda: stage.page(stage.large), "invite": stage.invite,
            "spread": lambda: stage.invite(callers=stage.many), "bulk": lambda: stage.invite(1000, connections=4)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("check", "page", "invite", "spread", "bulk"))
    parser.add_argument("--engine", choices=rig.ENGINES, default="sqlite")
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    with rig.engine_in_folder(options.engine) as (folder, _):
        stage = bench.Stage(folder, options.engine, options.members)
        load = loads(stage)[options.what]
        warm = threading.Thread(target=load)  # connections are made, files are read
        warm.start()
        warm.join()
        done = []
        rows = recorded(folder, stage.server.pids(), lambda: done.append(load()))
        stage.server.stop()
    by_dso = {}
    for share, dso, _ in rows:
        by_dso[dso] = by_dso.get(dso, 0) + share
    print(f"{options.what} on {options.engine}: {done[0]}\n")
    rig.table(("where", "share"), [(dso, f"{share:.0f} %") for dso, share in sorted(by_dso.items(), key=lambda x: -x[1]) if share >= 1],
              options.markdown)
    rig.table(("function", "where", "share"), [(symbol, dso, f"{share:.1f} %") for share, dso, symbol in rows[:TOP]], options.markdown)


if __name__ == "__main__":
    main()
