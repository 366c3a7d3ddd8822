# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Read by the scripts here: runs an httpd on 127.0.0.1 with nothing configured that a static file does not need, as one
# process (-X), so that a profile and the counters are of one process; and stops it by its pid. Sets `server`, the pid, and `url`. `httpd_more`
# may hold further lines of configuration.

# shellcheck shell=bash
port=${HTTPD_PORT:-8321}
url=http://127.0.0.1:$port/1k.html

# server_start ROOT THREADS COMMAND...: runs COMMAND, an httpd or what runs one, with ROOT for its files; returns when it answers.
server_start() {
    local place=$1 threads=$2
    shift 2
    mkdir -p "$place"/{htdocs,conf}
    rm -f "$place"/{log,httpd.pid}
    head -c 1024 /dev/zero | tr '\0' x >"$place/htdocs/1k.html"
    echo 'text/html html' >"$place/conf/mime.types"
    cat >"$place/conf/httpd.conf" <<CONF
ServerRoot $place
ServerName localhost
Listen 127.0.0.1:$port
PidFile httpd.pid
ErrorLog log
DocumentRoot htdocs
KeepAlive On
KeepAliveTimeout 600
MaxKeepAliveRequests 0
Timeout 600
StartServers 1
ServerLimit 1
ThreadLimit $threads
ThreadsPerChild $threads
MaxRequestWorkers $threads
MinSpareThreads 1
MaxSpareThreads $threads
${httpd_more-}
<Directory />
    Require all granted
</Directory>
CONF
    # Not as root, which httpd would leave on its way: gdb and valgrind are then of one user with it all the time.
    local as=()
    ((EUID != 0)) || { as=(setpriv --reuid=nobody --regid=nogroup --clear-groups) && chown -R nobody "$place"; }
    "${as[@]}" "$@" -X -f "$place/conf/httpd.conf" >"$place/output" 2>&1 &
    launched=$!
    for ((i = 0; i < 300; i++)); do
        if curl -s -m 30 -o /dev/null "$url"; then
            server=$(cat "$place/httpd.pid")
            return
        fi
        kill -0 "$launched" 2>/dev/null || break
        sleep 0.2
    done
    cat "$place/output" "$place/log" >&2
    echo "bench/httpd: error: the server does not answer at $url" >&2
    return 1
}

# server_stop: ends it as an administrator would; fails when it does not go, or ends otherwise than by exit(0).
server_stop() {
    local status=0
    kill -TERM "$server"
    for ((i = 0; i < 300; i++)); do
        kill -0 "$launched" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL "$server" 2>/dev/null && { echo "bench/httpd: error: the server does not end" >&2; return 1; }
    wait "$launched" || status=$?
    ((status == 0)) || { echo "bench/httpd: error: the server ended with status $status" >&2; return 1; }
}
