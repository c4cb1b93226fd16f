# The n-th allocation of a command fails, alone and with all that come after it (tests/faults/memory.c): one line says so and
# the exit code is 1, nothing leaks, nothing half-written is left, what stood there before is as it was. Every
# RONDO_STRIDE-th n is tried (scripts/starve tries every one).
. "$(dirname "$0")/lib.sh"
[ -e "${RONDO_STARVED:-}" ] || { echo "no library of failing allocations here: skipped"; exit 77; }
stride=${RONDO_STRIDE:-307} tried=0 told=0 unharmed=0

starving() { # starving N COMMAND...
    local n=$1
    shift
    RONDO_STARVE=$n RONDO_STARVE_LOG=$PWD/log LD_PRELOAD=$RONDO_STARVED "$@" > got 2> err < /dev/null
}
# What a command that failed must have done. (Few processes in here: these lines run ten thousands of times.)
judge_failure() { # judge_failure WHAT CODE
    local lines line said=0
    mapfile -t lines < err
    for line in "${lines[@]}"; do
        [[ $line != "rondo: "* ]] || said=$((said + 1))
    done
    [ "$2" = 1 ] || note_failure "$1: exit code $2: $(head -c 300 err)"
    [[ $said = 1 && $line == "rondo: "* ]] || note_failure "$1 said: $(head -c 300 err)"
    for file in $outputs; do
        [ ! -e "$file" ] || cmp -s "$file" "whole.${file//\//_}" || note_failure "$1: $file is left, half"
    done
}
judge_success() { # judge_success WHAT: as if nothing had happened
    [ -n "$timed" ] || cmp -s got whole || note_failure "$1: ended well with another output"
    for file in $outputs; do
        cmp -s "$file" "whole.${file//\//_}" || note_failure "$1: ended well with another $file"
    done
}
clear_away() {
    local file
    for file in $cleared $outputs; do
        [ ! -e "$file" ] || rm -rf "$file"
    done
}
one() { # one WHAT N COMMAND...
    local what="$1, allocation $2" n=$2 code calls live
    shift 2
    clear_away
    $prepare
    starving $n "$@"
    code=$?
    tried=$((tried + 1))
    read -r calls live < log
    [ "$live" = 0 ] || note_failure "$what: $live allocations were not given back"
    if [ $code = 0 ]; then
        unharmed=$((unharmed + 1))
        judge_success "$what"
    else
        told=$((told + 1))
        judge_failure "$what" $code
        $after
    fi
    ! compgen -G '*.tmp-*' && ! compgen -G '*/*.tmp-*' || note_failure "$what: a temporary file is left"
}
# each NAME OUTPUTS COMMAND...: OUTPUTS are the files it writes. What `prepare` says is done before each run, `after` after one
# that failed; `cleared` goes before; `timed`: its output is never the same
prepare=true after=true cleared= timed=
each() {
    local name=$1 outputs=$2 n calls live
    shift 2
    [ -z "${RONDO_ONLY:-}" ] || [[ $name == $RONDO_ONLY ]] || return 0
    clear_away
    rm -f log
    $prepare
    starving 0 "$@" || { note_failure "$name: $(head -c 300 err)"; return; }
    read -r calls live < log
    cp got whole
    for file in $outputs; do
        cp $file "whole.${file//\//_}"
    done
    [ "$live" = 0 ] || note_failure "$name: $live allocations were not given back"
    for n in $(seq $((calls < stride ? 1 : 1 + RANDOM % stride)) $stride "$calls"); do
        one "$name" $n "$@"
        one "$name" from:$n "$@"
    done
    checks=$((checks + 1))
    echo "$name: $calls allocations"
}
RANDOM=${SEED:-7}

small_recipe
small_pairs
small_tags
small_series
small_speech
few="--quiet --threads 2 --set train.max_steps=2"
# what a run leaves is nothing, or goes on to the same bits
goes_on() { # goes_on TASK
    [ ! -e new ] || "$RONDO" train $1.yaml --out new $few --resume > /dev/null 2> err ||
        note_failure "train $1: cannot go on: $(head -c 300 err)"
    [ ! -e new ] || cmp -s new/model.safetensors whole.new_model.safetensors || note_failure "train $1: goes on to other bits"
}
for task in small pairs tags series sounds speech; do
    cleared=new after="goes_on $task"
    each "train $task" "new/model.safetensors" "$RONDO" train $task.yaml --out new $few
    cleared= after=true
    "$RONDO" train $task.yaml --out run-$task --quiet > /dev/null 2> err || note_failure "$task: $(head -c 300 err)"
done
"$RONDO" train small.yaml --out half $few 2> err
copied() { cp -r half new; }
few="--quiet --set train.max_steps=4"
rm -rf new
copied
"$RONDO" train small.yaml --out new --resume $few 2> err && cp new/model.safetensors whole.new_model.safetensors
cleared=new prepare=copied after="goes_on small"
each "train --resume" "" "$RONDO" train small.yaml --out new --resume $few
cleared= prepare=true after=true
one_model=run-small/model.safetensors
each version "" "$RONDO" --version
each info "" "$RONDO" info $one_model
each "info --json" "" "$RONDO" info $one_model --json
each "info --verify" "" "$RONDO" info run-small --verify
each generate "" "$RONDO" generate $one_model --tokens 20 --seed 1
each "translate" "a.npy" "$RONDO" translate run-pairs/model.safetensors few.ja --beam 3 --attention a.npy
each "tag words" "" "$RONDO" tag run-tags/model.safetensors few.txt
each "tag conllu" "" "$RONDO" tag run-tags/model.safetensors dev.conllu
each forecast "" "$RONDO" forecast run-series/model.safetensors --data loads.csv --json
each classify "" "$RONDO" classify run-sounds/model.safetensors sounds/dev/low_ann_6.wav sounds/dev/zoom_theo_7.wav
each "classify --stream" "" "$RONDO" classify run-sounds/model.safetensors sounds/dev/low_ann_6.wav --stream
each transcribe "" "$RONDO" transcribe run-speech/model.safetensors sounds/dev/low_ann_6.wav --beam 3
each "transcribe --stream" "" "$RONDO" transcribe run-speech/model.safetensors sounds/dev/low_ann_6.wav --stream
for task in "small text.txt" "pairs dev.ja dev.en" "tags dev.conllu" "series loads.csv" "sounds sounds/dev" "speech sounds/dev"; do
    set -- $task
    each "eval $1" "" "$RONDO" eval run-$1/model.safetensors --json --data ${task#* }
done
each "export .c" x.c "$RONDO" export $one_model --to x.c
each "export int8" x.safetensors "$RONDO" export $one_model --to x.safetensors --int8
each "average" y.safetensors "$RONDO" average run-small/model.safetensors run-small/last.safetensors --to y.safetensors
each "import" "" "$RONDO" import "$RONDO_TOP/tests/golden/import/keras_tagger.npz" --cell lstm
timed=1
each "bench cell" "" "$RONDO" bench cell --cell lstm --input-size 4 --hidden-size 4 --batch 2 --steps 3 --pass train --seconds 0.01
timed=
if "$RONDO" export $one_model --to small.onnx > /dev/null 2>&1; then
    each "export .onnx" x.onnx "$RONDO" export $one_model --to x.onnx
    each "info .onnx" "" "$RONDO" info small.onnx
    printf "\x93NUMPY\1\0\x46\0{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }          \n\1\0\0\0\0\0\0\0" > one.npy
    name=$("$RONDO" info small.onnx --json | sed -nE 's/.*"inputs": ?\[\{"name": ?"([^"]*)".*/\1/p')
    each "run .onnx" "" "$RONDO" run small.onnx --input "$name=one.npy" --output results --quiet
fi
printf "\x93NUMPY\1\0\x46\0{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }            \n\1\0\0\0\0\0\0\0" > one.npy
each run results/y.npy "$RONDO" run $one_model --input x=one.npy --output results
[ -z "${RONDO_LOG:-}" ] || printf '{"kind": "allocations", "date": "%s", "commit": "%s", "stride": %d, "failed": %d, "told": %d, "unharmed": %d, "failures": %d}\n' \
    "$(date -u +%FT%TZ)" "$(git -C "$RONDO_TOP" rev-parse --short HEAD 2> /dev/null || echo -)" "$stride" $tried $told $unharmed $failures >> "$RONDO_LOG"
echo "$tried allocations failed: $told runs said so, $unharmed did without"
finish
