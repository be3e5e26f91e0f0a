#!/usr/bin/env bash
# Runs a command while a private PostgreSQL server is up, whose URL it finds in
# SWITCHBOARD_TEST_POSTGRES. As root on Debian and Ubuntu the server is installed
# where it is missing; elsewhere this says how. A URL that is set already is used.
set -euo pipefail

if [ -n "${SWITCHBOARD_TEST_POSTGRES:-}" ]; then
    exec "$@"
fi

# The folder with PostgreSQL's programs, the newest where there are several.
programs() {
    local folder
    for folder in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) ${PATH//:/ }; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            echo "$folder"
            return
        fi
    done
    return 1
}

install_programs() {
    local packages="apt-get update && apt-get install -y postgresql"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "The tests need PostgreSQL's server programs (14 or newer). On Debian or Ubuntu, run as root:" >&2
        echo "    $packages" >&2
        echo "or set SWITCHBOARD_TEST_POSTGRES to the URL of a server on which databases may be made." >&2
        exit 1
    fi
    echo "Installing PostgreSQL for the tests: $packages" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >&2
    apt-get -qq install -y postgresql >&2
}

bin=$(programs) || { install_programs; bin=$(programs) || { echo "initdb is still nowhere to be found." >&2; exit 1; }; }
home=$(mktemp -d "${TMPDIR:-/tmp}/switchboard-tests.XXXXXX")
as=()
if [ "$(id -u)" = 0 ]; then
    # The server refuses to run as root; the package has made somebody for it.
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chown postgres "$home"
fi
cd "$home"

stop() {
    "${as[@]}" "$bin/pg_ctl" --pgdata="$home/data" --mode=immediate --silent stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

"${as[@]}" "$bin/initdb" --pgdata="$home/data" --username=switchboard --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$home/made" || { cat "$home/made" >&2; exit 1; }
# One account that has to show a password.
sed -i '1i host all locked 127.0.0.1/32 scram-sha-256' "$home/data/pg_hba.conf"

# A certificate for `localhost`, and for no other name, by an authority that nobody else trusts.
secure() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=Authority of tests" \
        -keyout "$home/ca.key" -out "$home/ca.pem" &&
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
        -keyout "$home/server.key" -out "$home/server.csr" &&
    openssl x509 -req -in "$home/server.csr" -CA "$home/ca.pem" -CAkey "$home/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=DNS:localhost") -out "$home/server.pem" || return 1
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$home/server.key"
    fi
    chmod 600 "$home/server.key"
    chmod 755 "$home"
} >"$home/made" 2>&1

ssl=()
if command -v openssl >/dev/null; then
    secure || { cat "$home/made" >&2; exit 1; }
    ssl=(-c ssl=on -c "ssl_cert_file='$home/server.pem'" -c "ssl_key_file='$home/server.key'")
    export SWITCHBOARD_TEST_POSTGRES_CA="$home/ca.pem"
fi

start() {
    port=$((20000 + RANDOM % 12000))
    "${as[@]}" "$bin/pg_ctl" --pgdata="$home/data" --log="$home/log" --silent --wait --options="-p $port \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories='$home' -c max_connections=300 ${ssl[*]}" start
}
# A port may be taken, another one is not.
start || start || start || { cat "$home/log" >&2; exit 1; }

cd "$OLDPWD"
export SWITCHBOARD_TEST_POSTGRES="postgres://switchboard@127.0.0.1:$port/postgres"
"$@"
