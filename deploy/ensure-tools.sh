#!/bin/sh
# Makes sure that what the tests need beside Python is here: Java 17 and its compiler, Maven, the broker's jars, jq, promtool, a browser.
# As root on Debian it installs them; elsewhere it stops with one line naming the package.
set -eu
cd "$(dirname "$0")/.."

need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        [ -e /var/lib/civicbus-apt-updated ] || { apt-get update -qq && touch /var/lib/civicbus-apt-updated; }
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
        command -v "$1" >/dev/null 2>&1 && return 0
    fi
    echo "The tests need '$1': install the package '$2' (or run 'make test LOG=sqlite' for the part that needs no Java)." >&2
    exit 1
}

# Debian's prometheus package would start a server where services run; only its promtool is wanted, so none is started.
need promtool prometheus
[ -x "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)" ] || need initdb postgresql
command -v chromium >/dev/null 2>&1 || need chromium-headless-shell chromium-headless-shell
case "${LOG:-sqlite,kafka}" in
    *kafka*)
        need javac openjdk-17-jdk-headless # examples/java
        need java openjdk-17-jre-headless
        need mvn maven
        need jq jq # examples/subscriber.sh
        sh deploy/kafka/fetch.sh
        ;;
esac
