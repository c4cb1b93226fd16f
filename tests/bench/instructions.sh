# Instructions that fixed work takes (tests/bench/work.c, AVX2, one thread) as callgrind counts them, against instructions.tsv:
# one count rises by more than 15 %: it fails. Counts depend little on the machine, unlike times. After a change for the better, or
# one that is worth its price: RONDO_WRITE_COUNTS=1 ctest --test-dir build -R bench/instructions writes them anew.
# Exit code 77 (skipped) without valgrind or AVX2 (valgrind knows no AVX-512).
set -euo pipefail
cd "$(dirname "$0")"
counts=$PWD/instructions.tsv
command -v valgrind > /dev/null && command -v callgrind_annotate > /dev/null || { echo "valgrind is not installed: skipped"; exit 77; }
grep -qw avx2 /proc/cpuinfo 2> /dev/null || { echo "no AVX2: skipped"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
RONDO_ISA=avx2 valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$RONDO_BENCH_WORK" > "$folder/log" 2>&1 || {
    tail -5 "$folder/log"
    grep -q "valgrind: \|Illegal instruction\|unhandled instruction" "$folder/log" && { echo "valgrind cannot run it here: skipped"; exit 77; }
    exit 1
}
callgrind_annotate --inclusive=yes --threshold=100 --show-percs=no "$folder/out" |
    sed -nE 's/^ *([0-9,]+) .*:count_([a-z0-9_]+) .*$/\2\t\1/p' | tr -d , | sort -u > "$folder/now"
[ -s "$folder/now" ] || { echo "no counts in callgrind's answer"; exit 1; }
if [ -n "${RONDO_WRITE_COUNTS:-}" ]; then
    cp "$folder/now" "$counts"
fi
awk -F '\t' -v slack=1.15 '
    NR == FNR { now[$1] = $2; next }
    !($1 in now) { print $1 ": not counted"; bad = 1; next }
    {
        change = now[$1] / $2
        printf "%-20s %12d  before %12d  %+.1f %%%s\n", $1, now[$1], $2, 100 * (change - 1), (change > slack ? "  TOO MANY" : "")
        bad = bad || (change > slack)
        seen++
    }
    END { if (bad || !seen) exit 1 }' "$folder/now" "$counts"
