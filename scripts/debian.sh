#!/bin/sh
# What the tests use of Debian, installed where this user may: a browser for the pages, bubblewrap for the Compose
# services, Redis and ip for Celery's workers, Java for Spark, a Prometheus that counts units. Tests of what is not there
# are skipped, and say so.
set -eu
missing=
need() { command -v "$1" >/dev/null || missing="$missing $2"; }
need chromium "chromium fonts-dejavu-core"
need bwrap bubblewrap
need redis-server redis-server
need ip iproute2
need java default-jre-headless
need prometheus prometheus
if [ -z "$missing" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  exit 0
fi
apt-get update -qq
# shellcheck disable=SC2086  # several packages
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
