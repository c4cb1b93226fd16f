# Killed and resumed at many moments, a run ends with the bits of the uninterrupted one.
. "$(dirname "$0")/lib.sh"
small_recipe
sets="--set train.max_steps=600 --set train.epochs=30 --set model.hidden_size=48 --set train.save_every=10 --set train.evaluate_every=100 --set model.dropout=0.2 --set model.layers=2"
expect 0 '' "$RONDO" train small.yaml $sets --out whole --quiet
# Ctrl-C: a message that says how to go on
"$RONDO" train small.yaml $sets --out ctrlc --quiet --set train.max_steps=1000000 --set train.epochs=100000 2> err &
pid=$!
sleep 0.4
kill -INT $pid
wait $pid
[ $? -eq 1 ] || note_failure "Ctrl-C gives exit code 1"
check "Ctrl-C says how to go on" grep -q -- '--resume' err
kills=0
for delay in 0.01 0.02 0.04 0.08 0.15 0.05 0.1 0.03 0.12 0.2; do
    resume=
    [ -e killed/last.safetensors ] && resume=--resume
    [ -z "$resume" ] && rm -rf killed
    "$RONDO" train small.yaml $sets --out killed --quiet $resume 2> /dev/null &
    pid=$!
    sleep $delay
    kill -KILL $pid 2> /dev/null && kills=$((kills + 1))
    wait $pid 2> /dev/null
done
resume=
[ -e killed/last.safetensors ] && resume=--resume || rm -rf killed
expect 0 '' "$RONDO" train small.yaml $sets --out killed --quiet $resume
[ $kills -ge 3 ] || note_failure "only $kills runs were killed in time"
check "after $kills kills the model has the same bits" cmp whole/model.safetensors killed/model.safetensors
check "as many lines of metrics" test "$(wc -l < whole/metrics.jsonl)" -eq "$(wc -l < killed/metrics.jsonl)"
# killed before the first checkpoint: what is there is recipe.yaml, or the first evaluation, too; --resume begins again
for part in recipe evaluation; do
    mkdir $part
    cp whole/recipe.yaml $part
    [ $part = recipe ] || head -n 1 whole/metrics.jsonl > $part/metrics.jsonl
    [ $part = recipe ] || cp whole/model.safetensors $part
    expect 0 '' "$RONDO" train small.yaml $sets --out $part --quiet --resume
    check "begun again ($part), the model has the same bits" cmp whole/model.safetensors $part/model.safetensors
    check "begun again ($part), as many lines of metrics" test "$(wc -l < whole/metrics.jsonl)" -eq "$(wc -l < $part/metrics.jsonl)"
done
# but a run that lost its checkpoint is not begun again over its results
rm evaluation/last.safetensors
expect 2 "evaluation/last.safetensors: not there" "$RONDO" train small.yaml $sets --out evaluation --resume
check "its model is as it was" cmp whole/model.safetensors evaluation/model.safetensors
finish
