# The race and its report run: a few cases, no peers, hardly any time. What they measure is not looked at.
set -euo pipefail
command -v python3 > /dev/null && command -v "${CC:-cc}" > /dev/null || { echo "no python3 or no C compiler: skipped"; exit 77; }
top=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export PYTHONDONTWRITEBYTECODE=1
race() {
    python3 "$top/bench/race.py" --rondo "$RONDO" --peers none --folder "$folder" --threads 1 --rounds 1 --seconds 0.001 \
        --patience 0 --retries 0 "$@" > log 2>&1 || { cat log; exit 1; }
}
race --parts cells step variants scaling ragged --budget 0.001 \
    --only "cell=lstm .*H=64 B=1 T=|H=256 B=8 T=|variants cell=(lstm|jordan|elman) pass=forward|ragged .*pass=forward"
cases=$(grep -c '"kind": "case"' race.jsonl)
[ "$cases" -ge 10 ] || { echo "only $cases cases"; cat log; exit 1; }
grep -q '"rondo+dx"' race.jsonl
race --parts cells --append --only "cell=lstm .*H=64 B=1 T=" # nothing is left to do
[ "$(grep -c '"kind": "case"' race.jsonl)" -eq "$cases" ] || { echo "--append measures again"; exit 1; }
cat >> race.jsonl << 'EOF'
{"kind": "recipe", "name": "shakespeare.yaml, training, f32", "unit": "symbols/s", "times": {"rondo": 3.0, "pytorch": 2.0}, "rounds": 1, "memory_mib": {"rondo": 1, "pytorch": 4}}
EOF
python3 "$top/bench/report.py" race.jsonl --to page.md --plot none > log
for words in "# Performance" "### LSTM, training" "## Streaming" "## Variants" "| LSTM, peepholes, H 256, forward" "### Against B" "## Ragged batches" "## Goals" \
    "ragged batches: a real step" "shakespeare.yaml, training, f32"; do
    grep -qF "$words" page.md || { echo "the page lacks '$words'"; cat page.md; exit 1; }
done
echo "$cases cases, $(wc -l < page.md) lines"
