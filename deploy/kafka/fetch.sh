#!/bin/sh
# Fetches the released jars of the broker named in pom.xml into .tools/kafka/lib (45 jars, 43 MB), once.
# Maven's own settings say from where, so a city's own mirror works.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../../.tools/kafka/lib
[ -e "$lib/.complete" ] && [ ! "$here/pom.xml" -nt "$lib/.complete" ] && exit 0
for need in java:openjdk-17-jre-headless mvn:maven; do
    command -v "${need%%:*}" >/dev/null 2>&1 || { echo "The broker needs '${need%%:*}': install the package '${need#*:}' (as root on Debian, 'make tools' does)." >&2; exit 1; }
done
rm -rf "$lib"
mkdir -p "$lib"
mvn --quiet --batch-mode -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib" ||
    { echo "Maven could not fetch the broker's jars: check its network settings (~/.m2/settings.xml)." >&2; exit 1; }
touch "$lib/.complete"
