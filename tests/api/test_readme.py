"""What README.md tells people to type does what it says."""

import re
import subprocess

from lib.server import ROOT


def test_the_first_invitation_with_curl(make_server):
    server = make_server()
    block = re.search(r"## The first invitation, with curl\n\n```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S).group(1)
    lines = block.replace("build/parvis", str(server.binary)).replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    waiting = lines.replace("cat data/mail", "until ls data/mail/*.eml >/dev/null 2>&1; do sleep 0.1; done; cat data/mail")
    done = subprocess.run(["sh", "-eu", "-c", waiting], cwd=server.folder, env=server.environment(), capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"outcome":"invited"' in done.stdout
    assert "To: <zoe@example.org>" in done.stdout
    assert len(block.replace("\\\n", "").strip().splitlines()) <= 5
