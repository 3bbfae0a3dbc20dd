#!/usr/bin/env bash
# Makes both packages and uses them as a stranger would: installs the tool and runs it, and compiles the sample program against the library.
# Usage: scripts/test-packages.sh [OPTION OF dotnet pack, such as --no-build]...
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=$work/packages
dotnet pack -c Release -p:PackageOutputPath="$packages" "$@"
version=$(basename "$packages"/Niwaki.[0-9]*.nupkg .nupkg)
version=${version#Niwaki.}

# Only this folder is a source: the tool has to bring everything it needs.
dotnet tool install Niwaki.Cli --version "$version" --source "$packages" --tool-path "$work/tools"
"$work/tools/niwaki" inspect samples/novels-4m --json | grep -q '"architecture": "llama"'
"$work/tools/niwaki" --version | grep -qF "$version"

# Outside the repository, so that none of its settings apply. The new package must not stay behind in the machine's package folder.
mkdir "$work/program"
cp samples/library/Program.cs "$work/program"
cat >"$work/program/Program.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <NuGetAudit>false</NuGetAudit>
    <RestorePackagesPath>$work/restored</RestorePackagesPath>
    <RestoreFallbackFolders>${NUGET_PACKAGES:-$HOME/.nuget/packages}</RestoreFallbackFolders>
    <RestoreAdditionalProjectSources>$packages</RestoreAdditionalProjectSources>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Niwaki" Version="$version" />
  </ItemGroup>
</Project>
PROJECT
dotnet build "$work/program"
for file in Niwaki.dll Niwaki.xml; do
    test -f "$work/restored/niwaki/$version/lib/net10.0/$file"
done
test -f "$work/restored/niwaki/$version/README.md"
grep -q '<license type="expression">Apache-2.0</license>' "$work/restored/niwaki/$version/niwaki.nuspec"
echo "packages of version $version: tool and library work"
