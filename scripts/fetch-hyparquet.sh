#!/usr/bin/env bash
# Installs the reader and writer of Parquet that the tests compare with (npm, about 1 MB) and prints their folder. Nothing is done where they are there.
# Usage: scripts/fetch-hyparquet.sh
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/artifacts/hyparquet
if ! cmp -s tests/parquet/package-lock.json "$folder/package-lock.json" || [ ! -d "$folder/node_modules/hyparquet-writer" ]; then
    if ! command -v npm >/dev/null; then
        echo "npm: not found, expected it to install hyparquet with" >&2
        exit 1
    fi

    # Beside its place and then renamed: two test runs may do this at once.
    mkdir -p artifacts
    work=$(mktemp -d artifacts/hyparquet.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    cp tests/parquet/package.json tests/parquet/package-lock.json "$work"
    npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    [ -d "$folder" ] && ! cmp -s tests/parquet/package-lock.json "$folder/package-lock.json" && rm -rf "$folder"
    mv -T "$work" "$folder" 2>/dev/null || [ -d "$folder/node_modules/hyparquet-writer" ]
fi

cp tests/parquet/peer.mjs "$folder/peer.mjs.$$"
mv "$folder/peer.mjs.$$" "$folder/peer.mjs"
echo "$folder"
