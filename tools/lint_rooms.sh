#!/bin/sh
# Each outside library stands behind one room: who else includes its header?
status=0
only() { # only HEADER PATTERN: files whose path does not match PATTERN must not include HEADER
    found=$(git grep -lF "#include <$1" -- 'src/*.[ch]' | grep -vE "$2")
    [ -z "$found" ] || { echo "<$1> belongs to $2, not to: $found"; status=1; }
}
only microhttpd.h '^src/http/server'
only sqlite3.h '^src/store/'
only libpq-fe.h '^src/store/postgres'
only sodium '^src/(ports|base)/'
only idn2.h '^src/ports/'
only jansson.h '^src/(http|cli)/|^src/ports/webauthn'
only fido '^src/ports/webauthn'
only curl/ '^src/(ports|cli)/'
only ini.h '^src/ports/'
only openssl/ '^src/ports/'
only qrencode.h '^src/ports/'
only maxminddb.h '^src/ports/place'
exit $status
