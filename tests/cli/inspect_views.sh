# rondo inspect gradients, attention, neurons on models of every task: in the terminal and as files, what is asked wrongly,
# the same bits for any number of threads.
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

# looks RECIPE VIEWS DATA...
looks() {
    local recipe=$1 views=$2 view
    shift 2
    for view in $views; do
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@"
        check "$recipe: $view says something" [ "$(wc -l < out)" -gt 8 ]
        check "$recipe: $view is UTF-8" iconv -f utf-8 -t utf-8 out
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@" --to $recipe-$view.json --threads 1
        cp $recipe-$view.json one.json
        expect 0 '' "$RONDO" inspect $recipe/model.safetensors $view "$@" --to $recipe-$view.json --threads 3
        check "$recipe: $view has the same bits on 3 threads" cmp one.json $recipe-$view.json
        check "$recipe: $view names itself" grep -q "^{\"kind\": \"$view\", " $recipe-$view.json
    done
}
looks small 'gradients neurons' lines.txt
looks pairs 'gradients attention neurons' dev.ja dev.en
looks sounds 'gradients neurons' sounds/dev
looks tags 'gradients neurons' dev.conllu
looks series 'gradients neurons' loads.csv
looks speech 'gradients neurons' sounds/dev

# gradients
expect 0 '' "$RONDO" inspect small/model.safetensors gradients lines.txt --lags 5 --passages 1 --layer 0
check "five lags" grep -qE '^ +0 +lag \(steps\) +5$' out
check "at its start, and as trained" grep -q 'h as trained .* h at its start' out
expect 0 '' "$RONDO" inspect pairs/model.safetensors gradients dev.ja dev.en --stack encoder
check "the encoder alone" bash -c "! grep -q decoder out"

expect 2 'need data with answers' "$RONDO" inspect tags/model.safetensors gradients --text 'the cat sees'

# attention
expect 0 '' "$RONDO" inspect pairs/model.safetensors attention dev.ja dev.en --to all.pharaoh
check "a line for each pair" [ "$(wc -l < all.pharaoh)" = "$(wc -l < dev.ja)" ]
check "of pairs of numbers" bash -c "! grep -qvE '^([0-9]+-[0-9]+( |$))*$' all.pharaoh"
expect 0 '' "$RONDO" inspect pairs/model.safetensors attention dev.ja dev.en --to two.pharaoh --passages 2
check "the first two" cmp two.pharaoh <(head -n 2 all.pharaoh)
expect 0 '' "$RONDO" inspect pairs/model.safetensors attention dev.ja dev.en --passage 1
check "the same one beside the picture" grep -qxF "alignment  $(sed -n 2p all.pharaoh)" out
expect 0 '' "$RONDO" inspect pairs/model.safetensors attention --text "$(head -n 1 dev.ja)" --to look.npy
check "weights as an array" [ -s look.npy ]
"$RONDO" train pairs.yaml --out transformer --quiet --set train.max_steps=3 --set 'model.encoder={cell: transformer, heads: 2, hidden_size: 256, bidirectional: false}' \
    --set 'model.decoder={cell: transformer, heads: 2, layers: 2, hidden_size: 256}' > /dev/null 2> err || note_failure "transformer: $(cat err)"
expect 0 '' "$RONDO" inspect transformer/model.safetensors attention dev.ja dev.en --layer 1
check "heads and their mean" bash -c "grep -qx 'layer 1: head 1' out && grep -qx 'layer 1: mean' out && ! grep -q 'layer 0' out"
expect 0 '' "$RONDO" inspect transformer/model.safetensors attention dev.ja dev.en --stack decoder
check "the decoder's own" grep -q '^decoder self-attention' out
expect 2 'needs a recurrent stack' "$RONDO" inspect transformer/model.safetensors gradients dev.ja dev.en
expect 2 'needs a recurrent stack' "$RONDO" inspect transformer/model.safetensors neurons dev.ja dev.en
expect 2 'no attention' "$RONDO" inspect small/model.safetensors attention lines.txt
expect 2 "no attention 'encoder'" "$RONDO" inspect pairs/model.safetensors attention dev.ja dev.en --stack encoder
expect 2 'layer 7 is not there' "$RONDO" inspect pairs/model.safetensors attention dev.ja dev.en --layer 7
expect 2 'states. has no alignment' "$RONDO" inspect small/model.safetensors states lines.txt --to none.pharaoh
check "nothing half-written" [ ! -e none.pharaoh ]

# neurons
expect 0 '' "$RONDO" inspect small/model.safetensors neurons lines.txt --pattern space --limit 3
check "three units" [ "$(grep -c '^space ' out)" = 3 ]
expect 0 '' "$RONDO" inspect small/model.safetensors neurons lines.txt --pattern text:the
expect 0 '' "$RONDO" inspect small/model.safetensors neurons lines.txt --unit 2 --gate cell
check "that unit" grep -q 'layer 0, c 2' out
expect 0 '' "$RONDO" inspect small/model.safetensors neurons lines.txt --like 3:6 --limit 2
check "likeness" grep -q "^like '" out
expect 0 '' "$RONDO" inspect tags/model.safetensors neurons dev.conllu --direction backward
check "one direction" bash -c "grep -q backward out && ! grep -q forward out"
expect 0 '' "$RONDO" inspect series/model.safetensors neurons loads.csv --pattern hour
expect 0 '' "$RONDO" inspect sounds/model.safetensors neurons sounds/dev --pattern energy --to energy.json
expect 2 "no pattern 'spcae' \(did you mean 'space'" "$RONDO" inspect small/model.safetensors neurons lines.txt --pattern spcae
expect 2 'never changes' "$RONDO" inspect small/model.safetensors neurons lines.txt --pattern katakana
expect 2 'FROM:TO' "$RONDO" inspect small/model.safetensors neurons lines.txt --like 3-6
expect 2 'steps within the' "$RONDO" inspect small/model.safetensors neurons lines.txt --like 3:6000
expect 2 'neurons has no use for lags' "$RONDO" inspect small/model.safetensors neurons lines.txt --lags 3
if "$RONDO" --version | grep -q cairo; then
    for view in gradients attention neurons; do
        for ending in png svg; do
            expect 0 '' "$RONDO" inspect pairs/model.safetensors $view dev.ja dev.en --to $view.$ending
            check "$view.$ending is there" [ -s $view.$ending ]
        done
    done
fi

# other cells
for cell in elman jordan gru; do
    "$RONDO" train small.yaml --out $cell --quiet --set train.max_steps=3 --set model.cell=$cell > /dev/null 2>&1
    expect 0 '' "$RONDO" inspect $cell/model.safetensors gradients lines.txt
    expect 0 '' "$RONDO" inspect $cell/model.safetensors neurons lines.txt
done
"$RONDO" export small/model.safetensors --to low.safetensors --int8 > /dev/null
for view in gradients neurons; do
    expect 0 '' "$RONDO" inspect low.safetensors $view --text 'to be or not to be'
done
finish
