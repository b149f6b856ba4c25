#!/bin/sh
# Each outside library stands behind one file, or the few that say why: who else includes its header, however it is written?
status=0
only() { # only HEADER PATTERN: files whose path does not match PATTERN must not include HEADER
    found=$(git grep -lE "^[[:space:]]*#[[:space:]]*(include|import|include_next)[[:space:]]*[<\"]$1" -- 'src/*.[ch]' | grep -vE "$2")
    [ -z "$found" ] || { echo "<$1> belongs to $2, not to: $found"; status=1; }
}
only microhttpd '^src/http/server'
only sqlite3 '^src/store/'
only libpq '^src/store/postgres'
# Digests are base's, because everything above it counts by them; secrets, passwords and passkeys are the ports' of these names.
only sodium '^src/(base/(digest|hash)\.[ch]|ports/(token|password|webauthn)\.c)$'
only idn2 '^src/ports/'
# A body becomes a struct in one file, from the schema's table. The command line reads the server's answers, which no schema of
# ours describes to it; an authenticator's words are read where they are checked.
only jansson '^src/(http/schema_json\.c|cli/command\.h|ports/webauthn\.c)$'
only fido '^src/ports/webauthn'
# Mail goes out by the one; the other is the command line, a client of the server as any other.
only curl/ '^src/(ports/mail|cli/client)\.c$'
only 'ini\.h' '^src/ports/'
only openssl/ '^src/ports/'
only qrencode '^src/ports/'
only maxminddb '^src/ports/place'
# Pictures from outside are read in one place.
only '(png|turbojpeg|jpeglib)' '^src/ports/image\.c$'
exit $status
