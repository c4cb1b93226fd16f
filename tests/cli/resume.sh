# Killed and resumed at many moments, a run ends with the bits of the uninterrupted one.
. "$(dirname "$0")/lib.sh"
small_recipe
sets="--set train.max_steps=600 --set train.epochs=30 --set model.hidden_size=48 --set train.save_every=10 --set train.evaluate_every=100 --set model.dropout=0.2 --set model.layers=2"
expect 0 '' "$RONDO" train small.yaml $sets --out whole --quiet
# Ctrl-C, kill and a closed terminal end the run alike, wherever it is: one line that says how to go on, and a checkpoint
# with which it does
for signal in INT TERM HUP; do
    "$RONDO" train small.yaml $sets --out asked --quiet --set train.max_steps=1000000 --set train.epochs=100000 2> err &
    pid=$!
    for wait in $(seq 100); do
        [ -e asked/last.safetensors ] && break
        sleep 0.02
    done
    kill -$signal $pid
    wait $pid
    [ $? -eq 1 ] || note_failure "SIG$signal gives exit code 1"
    check "SIG$signal says how to go on, in one line" grep -qE \
        '^rondo: stopped after step [0-9]+; all is saved in asked \(to go on: rondo train small.yaml --out asked --resume\)$' err
    check "after SIG$signal nothing is half-written" test "$(ls -A asked | wc -l)" -le 4
    step=$(sed -n 's/.*after step \([0-9]*\);.*/\1/p' err)
    expect 0 '' "$RONDO" train small.yaml $sets --out asked --quiet --resume --set train.max_steps=$((step + 120)) \
        --set train.epochs=100000
    expect 0 '' "$RONDO" train small.yaml $sets --out straight --quiet --set train.max_steps=$((step + 120)) \
        --set train.epochs=100000
    check "gone on after SIG$signal at step $step, the model has the same bits" cmp straight/model.safetensors asked/model.safetensors
    rm -rf asked straight
done
# nohup: the signal is ignored
nohup "$RONDO" train small.yaml $sets --out nohup --quiet 2> err > /dev/null < /dev/null &
pid=$!
sleep 0.1
kill -HUP $pid 2> /dev/null
wait $pid
[ $? -eq 0 ] || note_failure "under nohup SIGHUP ends nothing"
# SIGKILL, about twenty times: the run is begun or gone on with again until it comes through
kills=0 round=0
while [ $round -lt 60 ]; do
    round=$((round + 1))
    resume=
    [ -e killed ] && resume=--resume
    "$RONDO" train small.yaml $sets --out killed --quiet $resume 2> err &
    pid=$!
    [ $kills -lt 20 ] && sleep 0.0$((RANDOM % 7 + 1))
    [ $kills -lt 20 ] && kill -KILL $pid 2> /dev/null && kills=$((kills + 1))
    wait $pid 2> /dev/null
    code=$?
    [ $code -eq 0 ] && break
    [ $code -eq 137 ] || note_failure "after $kills kills the run could not go on: $(head -c 400 err)"
done
[ $kills -ge 5 ] || note_failure "only $kills runs were killed in time"
check "after $kills kills the model has the same bits" cmp whole/model.safetensors killed/model.safetensors
check "as many lines of metrics" test "$(wc -l < whole/metrics.jsonl)" -eq "$(wc -l < killed/metrics.jsonl)"
echo "$kills kills"
check "after $kills kills nothing is half-written" test "$(ls -A killed | wc -l)" -eq 4
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
# or an empty folder, or half of the first file
for part in empty half; do
    mkdir $part
    [ $part = empty ] || head -c 20 whole/recipe.yaml > $part/recipe.yaml.tmp-12
    expect 0 '' "$RONDO" train small.yaml $sets --out $part --quiet --resume
    check "begun again ($part), the model has the same bits" cmp whole/model.safetensors $part/model.safetensors
    check "begun again ($part), nothing is half-written" test "$(ls -A $part | wc -l)" -eq 4
done
# but not where there was no run
mkdir other
echo mine > other/file
expect 2 'other/last.safetensors: not there, so no run can go on' "$RONDO" train small.yaml $sets --out other --resume
expect 2 'none/last.safetensors: not there, so no run can go on' "$RONDO" train small.yaml $sets --out none --resume
check 'nor is anything made there' test ! -e none
# and a run that lost its checkpoint is not begun again over its results
rm evaluation/last.safetensors
expect 2 "evaluation/last.safetensors: not there" "$RONDO" train small.yaml $sets --out evaluation --resume
check "its model is as it was" cmp whole/model.safetensors evaluation/model.safetensors
finish
