# A folder takes one run at a time; a killed run leaves no lock.
. "$(dirname "$0")/lib.sh"
small_recipe
sets="--quiet --set train.max_steps=1000000 --set train.epochs=100000 --set train.save_every=20"
"$RONDO" train small.yaml $sets --out runs/x 2> first.err &
first=$!
for wait in $(seq 100); do
    [ -e runs/x/last.safetensors ] && break
    sleep 0.05
done
refusal='runs/x: another run is writing here \(wait for it, or choose another --out\)$'
expect 2 "$refusal" "$RONDO" train small.yaml $sets --out runs/x
expect 2 "$refusal" "$RONDO" train small.yaml $sets --out runs/x --resume
expect 2 "$refusal" "$RONDO" train small.yaml $sets --out $PWD/runs/x --resume
check "the first run is still on" kill -0 $first
expect 0 '' "$RONDO" info runs/x/last.safetensors
kill -KILL $first
wait $first 2> /dev/null
expect 2 'runs/x: already holds a run' "$RONDO" train small.yaml $sets --out runs/x
# what was killed while being written goes when the run goes on; other files stay
touch runs/x/last.safetensors.tmp-123 runs/x/metrics.jsonl.tmp-9 runs/x/notes.tmp-1 runs/x/model.safetensors.tmp-mine
expect 0 '' "$RONDO" train small.yaml $sets --out runs/x --resume --set train.max_steps=10
check "no file is left but the run's" test "$(ls -A runs/x | sort | tr '\n' ' ')" = \
    "last.safetensors metrics.jsonl model.safetensors model.safetensors.tmp-mine notes.tmp-1 recipe.yaml "
finish
