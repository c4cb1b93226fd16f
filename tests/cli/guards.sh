# Numbers at their edges: what trains, what stops and with which sentence. Each line of a table is one run: exit code,
# pattern of the message, recipe, values set.
. "$(dirname "$0")/lib.sh"

trial() { # trial CODE PATTERN RECIPE SETS...
    local code=$1 pattern=$2 recipe=$3 sets=() one
    shift 3
    for one in "$@"; do
        sets+=(--set "$one")
    done
    rm -rf run
    expect "$code" "$pattern" "$RONDO" train $recipe.yaml --out run --quiet "${sets[@]}"
    if [ "$code" = 0 ]; then
        check "$recipe $*: a model that can be read" "$RONDO" info run/model.safetensors --verify
        check "$recipe $*: every loss is a number" test -z "$(grep -oE '"(train|valid)_loss": (null|-?nan|-?inf)' run/metrics.jsonl)"
    else
        check "$recipe $*: no model of it" test ! -e run/model.safetensors
    fi
}
mend='\(lower train.optimizer.learning_rate or train.clip_norm\)$'
lost="step [0-9]+ \(epoch [0-9]+, batch [0-9]+\): the loss is (nan|inf)"

everything() {
    small_recipe
    small_pairs
    small_tags
    small_series
    small_speech
}
everything

# ---- gradients that explode, a learning rate that is far too high
sgd='train.optimizer={type: sgd, learning_rate: 100}'
relu='model.cell=elman model.activation=relu train.clip_norm=0'
trial 1 "$lost, first in 'elman' at row [0-9]+, time step [0-9]+, the gradient of 'embedding.weight' is not finite $mend" \
    small $relu "$sgd"
trial 1 "$lost, first in 'squared_loss' at (row|number) [0-9]+ of [0-9]+, the gradient of 'rnn.weight_ih_l0' is not finite $mend" \
    series train.optimizer.learning_rate=1e20
trial 1 "step [0-9]+: the validation loss is [0-9.e+]+, its perplexity is not finite $mend" small train.optimizer.learning_rate=1e6
trial 1 "step [0-9]+: the validation loss is [0-9.e+]+, its perplexity is not finite $mend" pairs train.optimizer.learning_rate=1e6
for recipe in tags series sounds speech; do # bounded cells: the loss is bad, but a number
    trial 0 '' $recipe train.optimizer.learning_rate=1e6 train.max_steps=12
done
# lost late: the last good model is kept, and the message says where
expect 0 '' "$RONDO" train small.yaml --out kept --quiet --set train.max_steps=8 --set train.evaluate_every=4
cp kept/model.safetensors good
expect 1 "the last good model is kept in kept $mend" "$RONDO" train small.yaml --out kept --resume --quiet \
    --set train.max_steps=20 --set train.evaluate_every=4 --set train.optimizer.learning_rate=1e30
check 'the model is as it was' cmp good kept/model.safetensors
check 'and whole' "$RONDO" info kept --verify

# ---- what is not a number in the data
cp loads.csv good.csv
cell() { awk -F, -v OFS=, -v v="$1" 'NR == 50 {$2 = v} 1' good.csv > loads.csv; }
for value in nan '' 1e37; do # missing, missing, large
    cell "$value"
    trial 0 '' series
done
for value in inf -inf 1e999; do
    cell "$value"
    trial 2 "loads.csv:50: column 'load': '$value' is infinite \(leave the cell empty where there is no value\)" series
done
cell 1e300
trial 2 "loads.csv: column 'load': its values are too large to be scaled" series
awk -F, -v OFS=, 'NR > 1 {$2 = ""} 1' good.csv > loads.csv
trial 2 "loads.csv: column 'load': no value in the training part" series
awk -F, -v OFS=, 'NR > 1 {$2 = 5} 1' good.csv > loads.csv
trial 0 '' series
cp good.csv loads.csv
samples() { # samples FILE BYTES REPEATED: a WAV file of floats that are all the same
    { printf RIFF; little $((36 + 4 * $3)); printf 'WAVEfmt '; little 16; printf '\x03\x00\x01\x00'; little 8000; little 32000
      printf '\x04\x00\x20\x00data'; little $((4 * $3)); for i in $(seq "$3"); do printf "$2"; done; } > "$1"
}
samples sounds/train/low_ann_0.wav '\x00\x00\xc0\x7f' 400
trial 2 'sounds/train/low_ann_0.wav: sample 0 is -?nan \(must be finite\)' sounds
samples sounds/train/low_ann_0.wav '\x00\x00\x80\x7f' 400
trial 2 'sounds/train/low_ann_0.wav: sample 0 is inf \(must be finite\)' sounds

# ---- nothing but padding
samples sounds/train/low_ann_0.wav '' 0
trial 0 '' sounds
for file in sounds/*/*.wav; do
    samples $file '' 0
done
trial 0 '' sounds
trial 2 'every recording has fewer steps than its label has symbols' speech
printf '\n\n\n\n\n\n\n\n\n\n' > text.txt
trial 2 'text.txt: 9 symbols are too short a text' small data.valid_fraction=0.1
: > text.txt
trial 2 'text.txt: the file is empty' small
sed -i 's/.*//' pairs.ja
trial 2 'pairs.ja: no pair is left of 300' pairs
printf '# nothing\n\n\n' > tags.conllu
trial 2 'tags.conllu: there is no word in it' tags

# ---- one symbol
everything
printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' > text.txt
trial 0 '' small data.valid_fraction=0.3
printf 'a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a' > text.txt
trial 0 '' small data.valid_fraction=0.4 'data.tokenizer={type: word}'
sed -i 's/.*/a/' pairs.ja pairs.en dev.ja dev.en
trial 0 '' pairs
printf '1\ta\t_\tX\t_\t_\t0\tdep\t_\t_\n\n' | tee tags.conllu > dev.conllu
trial 0 '' tags

# ---- one unit, one step, one row; a hundred thousand steps, ten thousand rows
everything
for cell in elman jordan lstm gru; do
    trial 0 '' small model.cell=$cell model.hidden_size=1 model.embedding_size=1 train.max_steps=5
done
trial 0 '' pairs model.encoder.hidden_size=1 model.encoder.bidirectional=false model.decoder.hidden_size=1 \
    model.embedding_size=1 train.max_steps=5
for recipe in tags series sounds speech; do
    trial 0 '' $recipe model.hidden_size=1 train.max_steps=5
done
trial 0 '' small train.steps_per_sequence=1 train.max_steps=5
trial 0 '' series model.window=1 model.horizon=1 train.max_steps=5
for recipe in small pairs tags series sounds speech; do
    trial 0 '' $recipe train.batch_size=1 train.max_steps=5
    trial 0 '' $recipe train.batch_size=10000 train.max_steps=3
done
trial 2 'text.txt: [0-9]+ symbols are too short a text \(steps_per_sequence 100000' small train.steps_per_sequence=100000
{ "$RONDO_TOP/tests/support/sentences" 300; yes 'the cat sees a house' | head -n 13000; } > text.txt
trial 0 '' small train.steps_per_sequence=100000 train.batch_size=1 model.hidden_size=4 train.max_steps=2
trial 0 '' small train.steps_per_sequence=20 train.batch_size=10000 model.hidden_size=4 train.max_steps=1
finish
