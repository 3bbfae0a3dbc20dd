#!/usr/bin/env bash
# Repeats the tests of Kernels, Formats and Models with the wider vector instructions switched off, so that the code for smaller machines is
# tested on a large one, alone and as a whole forward pass. Needs the tests built in Debug, as `dotnet test` leaves them.
# Usage: scripts/test-vector-paths.sh [FOLDER FOR RESULT FILES]
set -uo pipefail
cd "$(dirname "$0")/.."

results=${1:-$(mktemp -d)}
mkdir -p "$results"
failed=0
for switch in EnableAVX512 EnableAVX2 EnableHWIntrinsic; do
    echo "== Kernels, Formats and Models with DOTNET_$switch=0"
    env "DOTNET_$switch=0" dotnet tests/Niwaki.Tests/bin/Debug/net10.0/Niwaki.Tests.dll \
        -namespace "Niwaki.Tests.Kernels*" -namespace "Niwaki.Tests.Formats*" -namespace "Niwaki.Tests.Models*" \
        -noLogo -noColor -reporter quiet -trx "$results/$switch.trx" || failed=1
done
exit "$failed"
