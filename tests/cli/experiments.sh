# experiments/run as one calls it: a tiny version of an experiment with generated data, what is there is not trained again, pages
# are made again without training, and other settings are.
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
. "$(dirname "$0")/lib.sh"
build=$(dirname "$RONDO")
[ -x "$build/experiments_plot" ] && [ -x "$build/experiments_control" ] || { echo "experiments_plot or experiments_control is not built: skipped"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
run() { "$RONDO_TOP/experiments/run" "$@" --scale tiny --build "$build" --work work --to pages > out 2> err; }

lines() { wc -l < work/tiny/$1.jsonl; }
has() { # has FILE WORDS: somewhere in it
    checks=$((checks + 1))
    grep -qF -- "$2" "$1" || note_failure "$1 lacks '$2'"
}

check "a control task by itself" "$build/experiments_control" echo jordan 4 5 0.01 --seed 1
checks=$((checks + 1))
"$build/experiments_control" echo jordan 4 5 0.01 --seed 1 > one && "$build/experiments_control" echo jordan 4 5 0.01 --seed 1 | cmp -s - one ||
    note_failure "the same seed gives another result"

# The numbers: Student's t of pairs, by hand. 2 ± 0.577 of three pairs (5 % point 4.30) is not shown, of four it is.
check "differences" python3 - "$RONDO_TOP/experiments" << 'EOF'
import math, sys
sys.path.insert(0, sys.argv[1])
from lab.numbers import Difference, told
three, four = Difference({1: 1, 2: 2, 3: 3}, {1: 0, 2: 0, 3: 0}), Difference({1: 1, 2: 2, 3: 3, 4: 2}, dict.fromkeys(range(1, 9), 0))
assert three.told() == "+2.0 ± 0.6" and abs(three.bound - 4.30 / math.sqrt(3)) < 1e-9 and not three.shown and not three.above
assert four.count == 4 and four.above and not four.below
assert not Difference({1: 5}, {1: 0}).shown and Difference({1: 5}, {1: 0}).told() == "+5.0"
assert told([1, 3]) == "2.0 ± 1.0" and told([]) == "-"
EOF

# Stopped midway, it leaves whole lines and nothing that runs, and goes on.
"$RONDO_TOP/experiments/run" memory --scale tiny --seeds 2 --jobs 2 --build "$build" --work work --to pages > out 2> err &
running=$!
for _ in $(seq 200); do [ -s work/tiny/memory.jsonl ] && break; sleep 0.05; done
kill -TERM $running
wait $running && note_failure "a stopped run says that all went well"
has err "stopped; the same call goes on"
run memory --seeds 2 --jobs 2 || note_failure "the tiny memory experiment: $(tail -n 3 err)"
all=$(lines memory)
[ "$all" -ge 20 ] || note_failure "only $all trainings"
for words in "# Near and far context" "The claim is" "## Adding problem" "pictures/memory-copy.svg" "| GRU |" " ± " "over 2 seeds"; do
    has pages/memory.md "$words"
done
has pages/README.md "(memory.md)"
[ -s pages/pictures/memory-order.svg ] || note_failure "no picture"
ls work/tiny/models/memory 2> /dev/null | grep -q . && note_failure "models are left behind"

# Nothing is left to do; a line that was cut off is; the page alone needs no training.
run memory --seeds 2 || note_failure "again: $(tail -n 3 err)"
[ "$(lines memory)" -eq "$all" ] && [ ! -s err ] || note_failure "what was there was trained again"
cp pages/memory.md before.md
rm -r pages
run memory --seeds 2 --page && cmp -s before.md pages/memory.md || note_failure "--page makes another page"
head -c -20 work/tiny/memory.jsonl > cut && cp cut work/tiny/memory.jsonl
run memory --seeds 2 || note_failure "after a cut: $(tail -n 3 err)"
[ "$(grep -c . err)" -eq 1 ] || note_failure "not one training after the cut: $(cat err)"
checks=$((checks + 1))
cmp -s <(sed -E 's/[0-9.]+ ± [0-9.]+ \|$/s |/' before.md) <(sed -E 's/[0-9.]+ ± [0-9.]+ \|$/s |/' pages/memory.md) || note_failure "the repeated training gave another result"

run jordan --seeds 2 || note_failure "the tiny jordan experiment: $(tail -n 3 err)"
has pages/README.md "(jordan.md)"
run prices --seeds 2 && note_failure "prices without data succeeded"
has err "prices needs finance/sp500-monthly.csv"
run --plan || note_failure "--plan: $(cat err)"
has out "all          about"
finish
