# Looking into a model of every task: views in the terminal and as files, what is asked wrongly, the same bits for any
# number of threads.
. "$(dirname "$0")/lib.sh"
small_recipe
small_pairs
small_sounds
small_tags
small_series
small_speech
for recipe in small pairs sounds tags series speech; do
    "$RONDO" train $recipe.yaml --out $recipe --quiet --set train.max_steps=12 > /dev/null 2> err || note_failure "train $recipe: $(cat err)"
done
head -n 3 text.txt > lines.txt

# looks RECIPE DATA...: each view of its model, as text and as JSON; without data the recipe's own
looks() {
    local recipe=$1 view
    shift
    for view in states gates ablate; do
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@"
        check "$recipe: $view says something" [ "$(wc -l < out)" -gt 8 ]
        check "$recipe: $view has no colour where there is no terminal" bash -c "! grep -q $'\033' out"
        check "$recipe: $view is UTF-8" iconv -f utf-8 -t utf-8 out
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@" --to $recipe-$view.json --threads 1
        cp $recipe-$view.json one.json
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@" --to $recipe-$view.json --threads 3
        check "$recipe: $view has the same bits on 3 threads" cmp one.json $recipe-$view.json
        check "$recipe: $view names itself" grep -q "^{\"kind\": \"$view\", " $recipe-$view.json
    done
}
looks small lines.txt
looks pairs dev.ja dev.en
looks sounds sounds/dev
looks tags dev.conllu
looks series loads.csv
looks speech sounds/dev
for recipe in small pairs sounds tags series speech; do
    expect 0 '' "$RONDO" inspect $recipe/model.safetensors states
    check "$recipe: the recipe's own data are found" grep -q '^passage *0 of' out
done
mv text.txt elsewhere.txt
expect 2 "text.txt' was not found" "$RONDO" inspect small/model.safetensors states
mv elsewhere.txt text.txt

# texts
expect 0 '' "$RONDO" inspect small/model.safetensors states --text 'to be' --gate hidden --order index
check "symbols stand over the columns" grep -q '^ *to␣be$' out
check "all 16 units" grep -q '^15 ' out
expect 0 '' "$RONDO" inspect pairs/model.safetensors states --text "$(head -n 1 dev.ja)" --stack encoder
check "the model's own output is the target" grep -q '^target ' out
expect 0 '' "$RONDO" inspect pairs/model.safetensors states --text "$(head -n 1 dev.ja)" --target "$(head -n 1 dev.en)" --stack decoder --layer 0
check "the target is what was given" grep -qF "$(head -n 1 dev.en)" out
expect 0 '' "$RONDO" inspect tags/model.safetensors states --text 'the cat sees' --direction backward --unit 3
check "words stand over the columns" grep -q 'the *cat *sees' out
expect 0 '' "$RONDO" inspect small/model.safetensors states lines.txt --from 10 --steps 5
check "a cut in time" grep -q '^steps *10 to 14 of' out
COLUMNS=60 "$RONDO" inspect small/model.safetensors states lines.txt --steps 200 --gate cell > out
check "no line is wider than the terminal" [ "$(LC_ALL=C.UTF-8 wc -L < out)" -le 60 ]
check "it says what it left out" grep -q 'as the terminal is wide' out

# files
for ending in npy txt; do
    expect 0 '' "$RONDO" inspect small/model.safetensors states lines.txt --gate cell --to look.$ending
    check "look.$ending is there" [ -s look.$ending ]
done
if "$RONDO" --version | grep -q cairo; then
    for ending in png svg; do
        for view in states gates ablate; do
            expect 0 '' "$RONDO" inspect pairs/model.safetensors $view dev.ja dev.en --to $view.$ending
            check "$view.$ending is there" [ -s $view.$ending ]
        done
    done
fi
expect 2 'gates. has no array' "$RONDO" inspect small/model.safetensors gates lines.txt --to none.npy
check "nothing half-written" [ ! -e none.npy ]

# what is asked wrongly
expect 2 'which view' "$RONDO" inspect small/model.safetensors
expect 2 "no view 'stats' \(did you mean 'states'" "$RONDO" inspect small/model.safetensors stats
expect 2 'must end in .png' "$RONDO" inspect small/model.safetensors states --to look.gif
expect 2 'files and --text' "$RONDO" inspect small/model.safetensors states lines.txt --text a
expect 2 'without --text' "$RONDO" inspect pairs/model.safetensors states --target a
expect 2 'a target is for models that translate' "$RONDO" inspect small/model.safetensors states --text abc --target a
expect 2 'layer 4 is not there' "$RONDO" inspect small/model.safetensors states lines.txt --layer 4
expect 2 'unit 99 is not there' "$RONDO" inspect small/model.safetensors states lines.txt --unit 99
expect 2 'one direction' "$RONDO" inspect small/model.safetensors states lines.txt --direction backward
expect 2 "no stack 'encoder'" "$RONDO" inspect small/model.safetensors states lines.txt --stack encoder
expect 2 "no 'reset'" "$RONDO" inspect small/model.safetensors states lines.txt --gate reset
expect 2 'passage 7 is not there' "$RONDO" inspect small/model.safetensors states lines.txt --passage 7
expect 2 'states has no use for passages' "$RONDO" inspect small/model.safetensors states lines.txt --passages 7
expect 2 'gates has no use for order' "$RONDO" inspect small/model.safetensors gates lines.txt --order mean
expect 2 'reads no text' "$RONDO" inspect sounds/model.safetensors states --text abc
expect 2 'no-such.txt' "$RONDO" inspect small/model.safetensors states no-such.txt
expect 2 'no-such.safetensors' "$RONDO" inspect no-such.safetensors states
printf 'x' > short.txt
expect 2 'too short' "$RONDO" inspect small/model.safetensors states short.txt
for cell in elman jordan; do
    "$RONDO" train small.yaml --out $cell --quiet --set train.max_steps=3 --set model.cell=$cell > /dev/null 2>&1
    expect 2 'has no gates' "$RONDO" inspect $cell/model.safetensors gates lines.txt
    expect 0 '' "$RONDO" inspect $cell/model.safetensors states lines.txt
    expect 0 '' "$RONDO" inspect $cell/model.safetensors ablate --text 'to be or' --limit 3
done

# weights in low precision are read as floats
expect 0 '' "$RONDO" export small/model.safetensors --to low.safetensors --int8
expect 0 '' "$RONDO" inspect low.safetensors states --text 'to be'
finish
