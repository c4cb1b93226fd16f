# Every task: the same seed, recipe and data give the same bits with 1 to 8 threads, and again, and when the run is killed
# at any time and goes on with another number of threads.
. "$(dirname "$0")/lib.sh"

same_run() { # same_run WHAT DIR
    check "$1: the model has the same bits" cmp whole/model.safetensors "$2/model.safetensors"
    check "$1: the same numbers were measured" cmp <(numbers whole) <(numbers "$2")
}
numbers() { sed -E 's/"(seconds|tokens_per_second|checksum)": [^,}]*//g' "$1/metrics.jsonl"; }

matrix() { # matrix RECIPE [--set ...]
    local recipe=$1 threads round=0 code=1
    local train="$RONDO train $recipe --quiet --set train.save_every=1 ${*:2}"
    rm -rf whole other killed
    expect 0 '' $train --out whole --threads 1
    for threads in 1 2 3 4 5 6 7 8; do
        rm -rf other
        expect 0 '' $train --out other --threads $threads
        same_run "$recipe, $threads threads" other
    done
    while [ $code -ne 0 ] && [ $round -lt 40 ]; do
        local resume=
        [ ! -e killed/recipe.yaml ] || resume=--resume
        round=$((round + 1))
        $train --out killed $resume --threads $((round % 8 + 1)) > /dev/null 2> err &
        local pid=$!
        [ $round -gt 12 ] || { sleep 0.0$((RANDOM % 9 + 1)); kill -KILL $pid 2> /dev/null; }
        wait $pid 2> /dev/null
        code=$?
        [ $code -eq 0 ] || [ $code -eq 137 ] || note_failure "$recipe could not go on: $(head -c 300 err)"
    done
    same_run "$recipe, killed $((round - 1)) times" killed
}

small_recipe
matrix small.yaml --set train.max_steps=300 --set train.epochs=9 --set model.layers=2 --set model.dropout=0.2 --set train.evaluate_every=20
small_pairs
matrix pairs.yaml --set train.max_steps=100 --set train.epochs=9 --set train.evaluate_every=20
small_sounds
matrix sounds.yaml
small_tags
matrix tags.yaml
small_series
matrix series.yaml
small_speech
matrix speech.yaml --set train.epochs=12
finish
