"""An authenticator app: oathtool, by the server's clock."""

import datetime
import subprocess

STEP = 30


def code_at(secret, seconds):
    """The code of the step that a moment (Unix time) lies in."""
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    done = subprocess.run(["oathtool", "--totp", "-b", "-N", when, secret], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class App:
    """What somebody has on their phone. No code is given twice, as the server takes none twice."""

    def __init__(self, clock, secret):
        self.clock = clock
        self.secret = secret
        self.last = 0

    def code(self, steps=0):
        """The code of now, or of so many steps later."""
        return code_at(self.secret, self.clock.now() + STEP * steps)

    def fresh(self):
        """A code that was not used yet; the clock goes on where there is none."""
        if int(self.clock.now()) // STEP <= self.last:
            self.clock.advance(seconds=STEP)
        self.last = int(self.clock.now()) // STEP
        return code_at(self.secret, self.last * STEP)


def set_up(client, clock):
    """An app for the account that is signed in: the app, and the recovery codes."""
    made = client.post("/me/totp", {}).ok(201)
    app = App(clock, made["secret"])
    codes = client.post("/me/totp/confirm", {"code": app.fresh()}).ok(200)["recovery_codes"]
    return app, codes
