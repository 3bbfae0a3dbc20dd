#!/usr/bin/env bash
# Publishes the command line as one file and uses it as on a machine without .NET: reads a model, makes it smaller, measures the result.
# Usage: scripts/test-single-file.sh
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

case $(uname -m) in
    aarch64) runtime=linux-arm64 ;;
    *) runtime=linux-x64 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/publish.sh "$runtime" "$work/published"

# niwaki ARGUMENT...: with nothing of this environment that would tell where a .NET lies
niwaki() {
    env -i PATH=/usr/bin:/bin HOME="$work" "$work/published/niwaki" "$@"
}
test "$(find "$work/published" -type f | wc -l)" -eq 1
niwaki inspect samples/novels-4m --json | grep -q '"architecture": "llama"'
niwaki prune samples/novels-4m --out "$work/run" --method bonsai --sparsity 0.1 --masks 4 --windows 2 --window 32 --evaluation-limit 2 --evaluation-window 32 --json | grep -q '"lossAfter"'
niwaki eval "$work/run" --file samples/text/harbour-clock.txt --window 64 --limit 2 --json | grep -q '"perplexity"'
grep -q 'method: bonsai' "$work/run/recipe.yaml"
echo "single file for $runtime: works"
