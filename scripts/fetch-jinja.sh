#!/usr/bin/env bash
# Installs the Jinja of Hugging Face that the tests of chat templates compare with (npm, some hundred kB) and prints its folder. Nothing is done where it is there.
# Usage: scripts/fetch-jinja.sh
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/artifacts/jinja
module=$folder/node_modules/@huggingface/jinja/package.json
if [ ! -f "$module" ]; then
    if ! command -v npm >/dev/null; then
        echo "npm: not found, expected it to install @huggingface/jinja with" >&2
        exit 1
    fi

    # Beside its place and then renamed: two test runs may do this at once.
    mkdir -p artifacts
    work=$(mktemp -d artifacts/jinja.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    cp tests/jinja/package.json tests/jinja/package-lock.json "$work"
    npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    [ -d "$folder" ] && [ ! -f "$module" ] && rm -rf "$folder"
    mv -T "$work" "$folder" 2>/dev/null || [ -f "$module" ]
fi

echo "$folder"
