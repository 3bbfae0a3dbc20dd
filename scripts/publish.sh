#!/usr/bin/env bash
# Makes the command line as one file that needs no .NET on the machine it runs on.
# Usage: scripts/publish.sh [RUNTIME, such as linux-x64] [FOLDER]   default: linux-x64 artifacts/RUNTIME
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=${1:-linux-x64}
folder=${2:-artifacts/$runtime}
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT

# A runtime adds packages of its own: they go to a lock file beside the other build outputs, so that those of the repository stay as they are.
dotnet publish src/Niwaki.Cli -c Release -r "$runtime" --self-contained -o "$staging" \
    -p:PublishSingleFile=true -p:PublishTrimmed=true -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/publish.lock.json

# The assembly cannot be called niwaki: on file systems that do not tell Niwaki.dll from niwaki.dll it would be the library.
mkdir -p "$folder"
for file in "$staging"/Niwaki.Cli "$staging"/Niwaki.Cli.exe; do
    if [ -f "$file" ]; then
        name=$(basename "$file")
        mv "$file" "$folder/niwaki${name#Niwaki.Cli}"
    fi
done
ls -l "$folder"
