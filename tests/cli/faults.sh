# Every system call that changes a file goes wrong once (tests/faults/faults.c): the process is killed before, in the
# middle of and after it, it fails, the disk fails from there on, a signal comes. Afterwards the run goes on (or is begun
# anew, where nothing had been written yet) and ends with the bits of the run that nothing happened to.
. "$(dirname "$0")/lib.sh"
[ -e "${RONDO_FAULTS:-}" ] || { echo "no library of faults here: skipped"; exit 77; }
EIO=5 ENOSPC=28
tried=0 survived=0 stopped=0

faulty() { # faulty FAULT COMMAND...
    local fault=$1
    shift
    RONDO_FAULT=$fault LD_PRELOAD=$RONDO_FAULTS "$@"
}
same_run() { # the same model and as many evaluations
    cmp -s whole/model.safetensors run/model.safetensors && cmp -s <(steps whole) <(steps run)
}
steps() { sed -E 's/.*"step": ?([0-9]+).*/\1/' "$1/metrics.jsonl"; }

go_on() { # go_on WHAT: the run in the folder `run` ends as `whole` did, and nothing half-written is left
    local resume=--resume
    tried=$((tried + 1))
    [ -e run ] || resume= # not even a folder: there was no run
    if ! $train --out run $resume > /dev/null 2> err; then
        note_failure "$1: the run cannot go on: $(head -c 300 err)"
    elif ! same_run; then
        note_failure "$1: the run ends with other bits"
    elif ls -A run | grep -q tmp; then
        note_failure "$1: a temporary file is left: $(ls -A run)"
    else
        survived=$((survived + 1))
    fi
}
whole_files() { # what stands under the final names can be read
    local name
    for name in model last; do
        [ ! -e run/$name.safetensors ] || "$RONDO" info run/$name.safetensors > /dev/null 2> err ||
            note_failure "$1: run/$name.safetensors is not whole: $(head -c 300 err)"
    done
}
killed() { # killed MODE CALL
    rm -rf run
    faulty "$1:$2" $train --out run > /dev/null 2>&1
    local code=$? wanted=137
    [ "$1" != short ] || wanted=0
    [ $code = $wanted ] || note_failure "$1 $2: the run ended with $code, not $wanted"
    whole_files "$1 $2"
    go_on "$1 $2"
}
failed() { # failed MODE CALL CODE: an error says so in one line, and no temporary file stays
    rm -rf run
    if faulty "$1:$2:$3" $train --out run > /dev/null 2> err; then
        # a folder that cannot be synced, or a file that cannot be swept away, is no reason to stop
        same_run || note_failure "$1 $2 errno $3: ended well with other bits"
    else
        stopped=$((stopped + 1))
        [ "$(grep -c '^rondo: ' err)" = 1 ] || note_failure "$1 $2 errno $3 said: $(head -c 300 err)"
        [ "$1" != fail ] || ! ls -A run 2> /dev/null | grep -q tmp || note_failure "$1 $2 errno $3: $(ls -A run)"
    fi
    whole_files "$1 $2 errno $3"
    go_on "$1 $2 errno $3"
}
# What is renamed was synced after its last write; after a rename the folder is synced.
in_order() {
    sed -E "s#$PWD/##g; s/\.tmp-[0-9]+/.tmp/g" log | awk '
        $1 == "write" {dirty[$3] = 1}
        $1 == "fsync" && $2 == "run" {pending = 0}
        $1 == "fsync" {delete dirty[$2]}
        $1 == "rename" {bad = bad || pending || $2 in dirty; pending = 1}
        END {for (name in dirty) bad = 1; exit bad || pending}'
}

every() { # every MODES...: over all calls of one run
    local mode n
    rm -rf whole run log
    expect 0 '' $train --out whole
    RONDO_FAULT_LOG=$PWD/log LD_PRELOAD=$RONDO_FAULTS $train --out run > /dev/null 2>&1
    local calls=$(wc -l < log)
    [ "$calls" -ge 30 ] || note_failure "only $calls calls were seen"
    check "files are synced before they take their names, folders after" in_order
    for mode in "$@"; do
        for n in $(seq "$calls"); do
            case $mode in
            kill | torn | after) killed $mode $n ;;
            short) killed $mode $n ;;
            fail) failed fail $n $EIO ;;
            from) failed from $n $ENOSPC ;;
            signal) failed signal $n 15 ;;
            esac
        done
    done
}

small_recipe
train="$RONDO train small.yaml --quiet --set train.max_steps=12 --set train.evaluate_every=6 --set train.save_every=4 --set train.keep=2 --set model.dropout=0.2"
every kill torn after fail from short signal
small_pairs
train="$RONDO train pairs.yaml --quiet --set train.max_steps=6 --set train.evaluate_every=3"
every ${RONDO_FAULTS_ALL:+torn after fail from signal} kill
small_tags
train="$RONDO train tags.yaml --quiet --set train.max_steps=6 --set train.evaluate_every=3"
every ${RONDO_FAULTS_ALL:+torn after fail from signal} kill
small_sounds
train="$RONDO train sounds.yaml --quiet --set train.max_steps=4 --set train.evaluate_every=2"
every ${RONDO_FAULTS_ALL:+torn after fail from signal} kill
[ $stopped -ge 60 ] || note_failure "only $stopped runs were stopped by an error"
echo "$stopped runs were stopped by an error or a signal"
echo "$survived of $tried runs went on to the same bits"
[ $survived = $tried ] || note_failure "$((tried - survived)) runs did not"
finish
