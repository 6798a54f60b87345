#!/usr/bin/env bash
# Runs every fuzz target of the module, one by one: fuzz.sh [time per target]. Goes on after a failure, so that one
# run shows them all, and exits 1 if there was any. Go writes the failing input to the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzztime=${1:-10s}
go=${GO:-go}
count=0
failed=()

while read -r dir pkg; do
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | awk '{print $2}' | sort -u); do
    count=$((count + 1))
    echo "fuzz $pkg $target ($fuzztime)"
    "$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$pkg" || failed+=("$pkg $target")
  done
done < <("$go" list -f '{{.Dir}} {{.ImportPath}}' ./...)

if [ "$count" -eq 0 ]; then
  echo 'fuzz: the module has no fuzz target' >&2
  exit 1
fi
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "fuzz: $count targets passed"
