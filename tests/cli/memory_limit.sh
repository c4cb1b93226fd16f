# rondo train --memory-limit: what the recipe needs is said before the first step; what does not fit ends with one line
# and leaves nothing behind, and the bits of what fits are those without a limit.
. "$(dirname "$0")/lib.sh"
limits() { # limits RECIPE
    local train="$RONDO train $1" low=16 high=65536 half
    rm -rf whole run
    expect 0 '' $train --out whole --quiet
    expect 0 '' $train --out run --memory-limit 500M
    check "$1: what is needed is told" grep -qE '^memory: [0-9.]+ MB for data, model and optimiser, [0-9.]+ MB for a step of the largest batch, of 500 MB$' err
    check "$1: the same bits" cmp whole/model.safetensors run/model.safetensors
    while [ $((high - low)) -gt 32 ]; do # the least that is enough, in KB
        half=$(((low + high) / 2))
        rm -rf run
        if $train --out run --quiet --memory-limit ${half}K > out 2> err; then
            high=$half
            check "$1 in $half KB: the same bits" cmp whole/model.safetensors run/model.safetensors
        else
            low=$half
            check "$1 in $half KB: one line" test "$(wc -l < err)" = 1
            check "$1 in $half KB: what is wrong" grep -qE 'memory limit is [0-9.]+ MB: raise it' err
            check "$1 in $half KB: nothing is half-written" sh -c '! ls -A run 2> /dev/null | grep -q tmp'
            [ ! -e run ] || check "$1 in $half KB: what was saved is whole" "$RONDO" info --verify run
        fi
    done
    echo "$1 needs $high KB"
    [ $high -lt 65536 ] || note_failure "$1 needs 64 MB?"
}
small_recipe
limits small.yaml
small_pairs
limits pairs.yaml
small_sounds
limits sounds.yaml
small_tags
limits tags.yaml
small_series
limits series.yaml
sed 's/^train: {/train: {prefetch: on, /' sounds.yaml > ahead.yaml
limits ahead.yaml
small_speech
limits speech.yaml
rm -rf run
expect 1 'no memory|memory limit' "$RONDO" train small.yaml --out run --memory-limit 40K
check "a run that never began leaves no folder" test ! -e run
for wrong in 0 -1 x 12X 5MM ''; do
    expect 2 "memory-limit is '$wrong'" "$RONDO" train small.yaml --out run --memory-limit "$wrong"
done
finish
