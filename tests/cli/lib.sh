# Sourced by every test of the command. Works in a fresh folder that goes away at the end.
set -u
RONDO=${RONDO:-$PWD/build/rondo}
RONDO_TOP=${RONDO_TOP:-$PWD}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset RONDO_DATA
failures=0 checks=0

note_failure() { echo "FAILED: $*"; failures=$((failures + 1)); }

# expect CODE PATTERN COMMAND...: the exit code, and stderr: exactly one line, "rondo: ..." that matches PATTERN (code 0: any)
expect() {
    local code=$1 pattern=$2 got
    shift 2
    checks=$((checks + 1))
    "$@" > out 2> err < /dev/null
    got=$?
    [ $got -eq "$code" ] || note_failure "$* gave exit code $got, not $code: $(head -c 400 err)"
    [ "$code" -eq 0 ] && return
    [ "$(wc -l < err)" -eq 1 ] || note_failure "$* wrote $(wc -l < err) lines of error, not one: $(head -c 600 err)"
    grep -qE "^rondo: .*$pattern" err || note_failure "$* said '$(head -c 400 err)', not /$pattern/"
}

check() { # check WHAT COMMAND...: the command succeeds
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" > /dev/null 2>&1 || note_failure "$what"
}

finish() {
    echo "$checks checks, $failures failed"
    [ $failures -eq 0 ]
    exit
}

# A small text and a recipe that trains on it in a second.
small_recipe() { # small_recipe [EXTRA LINES FOR model:]
    "$RONDO_TOP/tests/support/sentences" 300 > text.txt
    cat > small.yaml <<YAML
task: language_model
data:
  train: text.txt
  valid_fraction: 0.1
  tokenizer: {type: char}
model:
  cell: lstm
  embedding_size: 8
  hidden_size: 16
train:
  optimizer: {type: adamw, learning_rate: 0.01}
  batch_size: 4
  steps_per_sequence: 16
  epochs: 1
  max_steps: 40
  seed: 7
YAML
}

# Small pairs and a recipe that trains on them in a second.
small_pairs() {
    "$RONDO_TOP/tests/support/sentences" 300 > pairs.en
    sed -E 's/[a-z]+/\U&/g; s/([A-Z])([A-Z]*)/\2\1/g' pairs.en > pairs.ja
    tail -n 12 pairs.en > dev.en
    tail -n 12 pairs.ja > dev.ja
    head -n 2 dev.ja > few.ja
    cat > pairs.yaml <<YAML
task: translate
data:
  train_source: pairs.ja
  train_target: pairs.en
  valid_source: dev.ja
  valid_target: dev.en
  source_tokenizer: {type: word, min_count: 2}
  target_tokenizer: {type: word, min_count: 2}
model:
  embedding_size: 8
  encoder: {hidden_size: 8, bidirectional: true}
  decoder: {hidden_size: 16}
train:
  optimizer: {type: adamw, learning_rate: 0.02}
  batch_tokens: 200
  epochs: 2
  max_steps: 40
  seed: 7
YAML
}

# write_tone FILE HZ SAMPLES [RATE]: a WAV file of 8 bits (its samples are never 0, so that awk can write them)
little() { printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
write_tone() {
    local rate=${4:-8000}
    {
        printf RIFF; little $((36 + $3)); printf 'WAVEfmt '; little 16
        printf '\x01\x00\x01\x00'; little $rate; little $rate; printf '\x01\x00\x08\x00data'; little "$3"
        LC_ALL=C awk -v hz="$2" -v n="$3" -v rate=$rate 'BEGIN { srand(n); for (i = 0; i < n; i++)
            printf "%c", 64 + int(30 + 25 * sin(6.2831853 * hz * i / rate) + 4 * rand()) }'
    } > "$1"
}

# Small recordings LABEL_SPEAKER_INDEX.wav in sounds/train and sounds/dev, and a recipe that trains on them in a second.
small_sounds() {
    local i label hz
    mkdir -p sounds/train sounds/dev
    for i in 0 1 2 3 4 5 6 7; do
        for label in low:300 high:1500 zoom:2600; do
            hz=$((${label#*:} + 20 * i))
            write_tone sounds/$([ $i -lt 6 ] && echo train || echo dev)/${label%:*}_$([ $((i % 2)) = 0 ] && echo ann || echo theo)_$i.wav $hz $((700 + 60 * i))
        done
    done
    cat > sounds.yaml <<YAML
task: classify
data: {train: sounds/train, valid: sounds/dev, pattern: "{label}_{speaker}_{index}", audio: {mels: 8}}
model: {cell: lstm, hidden_size: 8}
train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 6, epochs: 12, seed: 3}
YAML
}

# Small sentences with tags and a recipe that trains on them in a second.
small_tags() {
    "$RONDO_TOP/tests/support/sentences" 300 > words.txt
    awk '{for (i = 1; i <= NF; i++) {t = $i ~ /^(a|the|an)$/ ? "DET" : $i ~ /s$/ ? "VERB" : $i ~ /[.,!?]$/ ? "PUNCT" : "NOUN"
          printf "%d\t%s\t_\t%s\t_\t_\t0\tdep\t_\t_\n", i, $i, t}; print ""}' words.txt > all.conllu
    head -n 1500 all.conllu | sed '/^$/,$!d; 1d' > tags.conllu
    { echo '# a comment'; tail -n 200 all.conllu | sed '1,/^$/d'; } > dev.conllu
    echo >> tags.conllu
    head -n 2 words.txt > few.txt
    cat > tags.yaml <<YAML
task: tag
data:
  train: tags.conllu
  valid: dev.conllu
model:
  bidirectional: true
  embedding_size: 8
  hidden_size: 8
  characters: {embedding_size: 4, hidden_size: 4}
  word_dropout: 0.1
train:
  optimizer: {type: adamw, learning_rate: 0.02}
  batch_size: 16
  epochs: 3
  seed: 7
YAML
}

# table ROWS [FIRST]: hourly rows of a series, a wave and a line
table() {
    echo "time,load,temp,plan"
    awk -v n="$1" -v first="${2:-0}" 'BEGIN { for (i = first; i < first + n; i++) printf "2020-03-%02d %02d:00,%.3f,%.2f,%d\n",
        1 + int(i / 24), i % 24, 20 + 5 * sin(i * 0.2617993878) + (i * 37 % 11) / 11, 3 + (i * 13 % 7) / 7, i % 6 == 0 }'
}

# A small series and a recipe that trains on it in a second.
small_series() {
    table 240 > loads.csv
    cat > series.yaml <<YAML
task: forecast
data:
  file: loads.csv
  time: time
  targets: [load, temp]
  splits: [168, 72]
model:
  cell: gru
  hidden_size: 8
  window: 24
  horizon: 12
train:
  optimizer: {type: adamw, learning_rate: 0.01}
  batch_size: 16
  epochs: 3
  seed: 7
YAML
}

# The recordings of small_sounds as a task of transcribing, speech.yaml.
small_speech() {
    small_sounds
    sed 's/task: classify/task: transcribe/; s/pattern: /spelling: [zoom=zum], pattern: /; s/hidden_size: 8/hidden_size: 12, delay: 4/
         s/^train: .*/train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 6, epochs: 40, seed: 3, metric: cer}/' \
        sounds.yaml > speech.yaml
}
