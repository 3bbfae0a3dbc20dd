#!/usr/bin/env bash
# Installs the stock llama.cpp library that the tests compare with (npm, about 30 MB) and prints its folder. Nothing is done where it is there.
# Usage: scripts/fetch-llama-cpp.sh
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/artifacts/llama-cpp
library=$folder/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
if [ ! -f "$library/libllama.v0.5.0.so" ]; then
    if ! command -v npm >/dev/null; then
        echo "npm: not found, expected it to install llama.cpp with" >&2
        exit 1
    fi

    # Beside its place and then renamed: two test runs may do this at once.
    mkdir -p artifacts
    work=$(mktemp -d artifacts/llama-cpp.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    cp tests/Niwaki.LlamaCpp/package.json tests/Niwaki.LlamaCpp/package-lock.json "$work"
    npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    [ -d "$folder" ] && [ ! -f "$library/libllama.v0.5.0.so" ] && rm -rf "$folder"
    mv -T "$work" "$folder" 2>/dev/null || [ -f "$library/libllama.v0.5.0.so" ]
fi

echo "$library"
