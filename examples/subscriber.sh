#!/bin/sh
# Follows an agreement with the shell: run it from cron, on either log. Needs civicbus, with CIVICBUS_LOG set, and jq.
#
#     sh subscriber.sh my-agreement DIR
#
# DIR/events.jsonl   every event once: civicbus adds what is new, and goes on where the file is, however often it is killed
# DIR/current.jsonl  what holds now, a line each subject: the last event of each; what has ended is not there any more
# DIR/wrong.txt      events that were put right by a later one: whoever acted on them has to look again
set -eu
agreement=$1 dir=$2
mkdir -p "$dir"
exec 9>"$dir/.lock"
flock -n 9 || exit 0 # the last run is still at it

civicbus subscribe "$agreement" --to "$dir/events.jsonl" --until-idle

# The events of a subject stand in one partition, so in their order; each says all that holds from then on.
jq -nc 'reduce inputs as $event ({}; if $event.operation | IN("ended", "erased") then del(.[$event.subject]) else .[$event.subject] = $event end)
    | .[] | {subject, event_id, disputed} + .fields' "$dir/events.jsonl" > "$dir/current.new"
mv "$dir/current.new" "$dir/current.jsonl" # whoever reads it sees the old or the new, never half of it
jq -r '.corrects[]' "$dir/events.jsonl" | sort -u > "$dir/wrong.new"
mv "$dir/wrong.new" "$dir/wrong.txt"
