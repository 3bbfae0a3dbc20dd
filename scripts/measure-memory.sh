#!/usr/bin/env bash
# Anonymous memory (RssAnon) of `niwaki prune` on a random model of more than 1 GiB, with resident and with streamed weights.
# Usage: scripts/measure-memory.sh [FOLDER]   (Linux; needs about 4 GB of disk there, and a Release build)
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-$(mktemp -d)}
cli=src/Niwaki.Cli/bin/Release/net10.0/Niwaki.Cli.dll
bench=benchmarks/Niwaki.Benchmarks/bin/Release/net10.0/Niwaki.Benchmarks.dll
model=$work/model

# 11 blocks, hidden 2048, 32 heads, 8 KV heads, 5632 neurons, vocabulary 32000: 1.25 GB in BF16
[ -f "$model/config.json" ] || dotnet "$bench" make-model "$model" 11 2048 32 8 5632 32000
weights=$(stat -c %s "$model/model.safetensors")

# peak NAME COMMAND...: runs a command and prints the largest RssAnon of it, in KiB, above the smallest one seen after 0.2 s
peak() {
    local name=$1 idle=0 largest=0 now
    shift
    "$@" >"$work/$name.json" 2>"$work/$name.log" &
    local pid=$!
    sleep 0.1
    while now=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        [ "$idle" -eq 0 ] && idle=$now
        [ "$now" -gt "$largest" ] && largest=$now
        sleep 0.05
    done
    wait "$pid" || { cat "$work/$name.log"; exit 1; }
    awk -v n="$name" -v l="$largest" -v i="$idle" -v w="$weights" \
        'BEGIN { a = (l - i) * 1024; printf "| %s | %.0f MiB | %.1f%% |\n", n, a / 1048576, 100 * a / w }'
}

echo "Weights: $((weights / 1048576)) MiB."
echo
echo "| weights in memory | RssAnon above the start of the process | share of the weights |"
echo "| --- | ---: | ---: |"
settings="--method depth --blocks 1 --windows 2 --window 128 --evaluation-limit 2 --evaluation-window 128 --json"
rm -rf "$work/resident" "$work/streamed"
# shellcheck disable=SC2086
peak "resident" dotnet "$cli" prune "$model" --out "$work/resident" $settings
# shellcheck disable=SC2086
peak "streamed" dotnet "$cli" prune "$model" --out "$work/streamed" $settings --memory 400MiB
