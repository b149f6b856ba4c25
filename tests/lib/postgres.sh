#!/bin/sh
# A PostgreSQL of the tests' own, in a folder, under an account without rights.
#   postgres.sh start FOLDER   makes it there (or starts the one that is there), prints its URI without a database's name
#   postgres.sh stop FOLDER    ends it as if the machine had been switched off; what is in the folder stays
#   postgres.sh remove FOLDER  ends it and removes the folder
set -eu
command=$1
folder=$2
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as="" # initdb and postgres refuse to run as root
[ "$(id -u)" != 0 ] || as="setpriv --reuid=postgres --regid=postgres --clear-groups"

run() {
    # shellcheck disable=SC2086 — a command of several words
    (cd "$folder" && env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 $as "$@")
}

case $command in
start)
    mkdir -p "$folder"
    [ -z "$as" ] || chown postgres:postgres "$folder"
    if [ ! -f "$folder/data/PG_VERSION" ]; then
        run "$programs/initdb" -D "$folder/data" -U parvis --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
        port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
fsync = on
recovery_init_sync_method = syncfs
max_connections = 200
shared_buffers = 64MB
log_min_messages = warning
END
    fi
    run "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start >/dev/null
    port=$(sed -n 's/^port = //p' "$folder/data/postgresql.conf" | tail -n 1)
    echo "postgresql://parvis@127.0.0.1:$port/"
    ;;
stop) run "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null ;;
remove)
    [ ! -d "$folder/data" ] || run "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null || :
    rm -rf "$folder"
    ;;
*) exit 2 ;;
esac
