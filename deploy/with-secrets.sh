#!/bin/sh
# Starts a program with its secrets: a file in /run/secrets that is named like a variable becomes that variable, for
# Dagster and the platform read variables only. One that is already set wins, as it does over .env.
set -eu
for file in "${SECRETS_FOLDER:-/run/secrets}"/*; do
    name=${file##*/}
    case $name in [!A-Z]* | *[!A-Z0-9_]*) continue ;; esac
    if [ ! -f "$file" ] || printenv "$name" >/dev/null; then continue; fi
    if [ ! -r "$file" ]; then
        echo "user $(id -u) may not read the secret: $file. Make its file readable: chmod 644" >&2
        exit 2
    fi
    export "$name=$(cat "$file")"
done
exec "$@"
