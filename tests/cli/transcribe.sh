# Transcribers as users type them: training, eval, n-best, JSON, streams, a language model beside; wrong calls and files.
. "$(dirname "$0")/lib.sh"
"$RONDO" --version | grep -q 'optional parts:.*json' || exit 77
small_speech
expect 0 '' "$RONDO" train speech.yaml --out one --threads 1
grep -q "built without\|lacks" err && exit 77
check "the recordings are told of" grep -q 'training: 18 recordings' err
check "what was wrong is told" grep -q 'characters: .* texts: .* wrong of 6' err
model=one/model.safetensors
expect 0 '' "$RONDO" train speech.yaml --out two --threads 2 --quiet
check "same bits with 2 threads" cmp $model two/model.safetensors
expect 0 '' "$RONDO" info $model
check "info names the task" grep -qE 'transcribe' out
check "and the vocabulary" grep -qE '^vocabulary_size' out
expect 0 '' "$RONDO" eval $model --data sounds/dev
check "eval prints error rates" grep -qE '^cer +[0-9.]+$' out
check "and the mistakes" grep -q '^characters: ' out
expect 0 '' "$RONDO" eval $model --data sounds/train --where speaker=theo --json
check "only one speaker" grep -q '"recordings": 9' out
expect 2 'none of 18 examples' "$RONDO" eval $model --data sounds/train --where speaker=x
expect 2 'nothing.tsv' "$RONDO" eval $model --data nothing.tsv
printf 'sounds/dev/low_ann_6.wav\tlow\nsounds/dev/none.wav\tlow\n' > list.tsv
expect 2 'list.tsv:2.*none.wav' "$RONDO" eval $model --data list.tsv
printf 'sounds/dev/low_ann_6.wav\tlow\nsounds/dev/zoom_theo_7.wav\tquiz\n' > list.tsv
expect 0 '' "$RONDO" eval $model --data list.tsv
check "a letter never seen is told of" grep -q 'passes over 1 of 2' out
check "and counted" grep -qE '^passed_over +1$' out

# texts
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav
check "one file: its text alone" grep -qE '^[a-z]*$' out
cp out alone
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav sounds/dev/zoom_theo_7.wav
check "several: a name and a tab before" grep -qP '^sounds/dev/zoom_theo_7.wav\t' out
check "the same text beside others" grep -qxP "sounds/dev/low_ann_6.wav\t$(cat alone)" out
cp out whole
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav sounds/dev/zoom_theo_7.wav --stream
check "a stream writes the same" cmp whole out
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav --beam 4 --nbest 3
check "n-best: score, tab, text" sh -c '[ "$(grep -cP "^-[0-9.]+\t[a-z]*$" out)" -eq "$(wc -l < out)" ]'
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav --beam 4
cp out beam
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav --beam 4 --stream
check "a stream with a beam writes the same" cmp beam out
expect 0 '' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav --json
check "JSON" grep -qE '^\{"file": "sounds/dev/low_ann_6.wav", "text": "[a-z]*", "score": -?[0-9.]+, "seconds": [0-9.]+, "symbols": \[' out
write_tone fast.wav 300 4000 44100
expect 0 '' "$RONDO" transcribe $model fast.wav
write_tone empty.wav 300 0
expect 0 '' "$RONDO" transcribe $model empty.wav
expect 0 '' "$RONDO" transcribe $model empty.wav --stream

# a language model of the texts
for i in $(seq 60); do printf 'low\nhigh\nzum\n'; done > texts.txt
cat > texts.yaml <<YAML
task: language_model
data: {train: texts.txt, valid_fraction: 0.2, tokenizer: {type: char}}
model: {cell: gru, embedding_size: 6, hidden_size: 16}
train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 4, steps_per_sequence: 12, epochs: 10}
YAML
expect 0 '' "$RONDO" train texts.yaml --out lm --quiet
expect 0 '' "$RONDO" transcribe $model sounds/dev/*.wav --language-model lm/model.safetensors --lm-weight 2
check "with it only words come out" sh -c '[ "$(grep -cP "\t(low|high|zum)$" out)" -eq 6 ]'
sed 's/low/lo/' texts.txt > few.txt
expect 0 '' "$RONDO" train texts.yaml --out few --quiet --set data.train=few.txt
expect 2 "does not know the symbol 'w'" "$RONDO" transcribe $model fast.wav --language-model few/model.safetensors
expect 2 'not a language model' "$RONDO" transcribe $model fast.wav --language-model $model
expect 2 'no transcriber' "$RONDO" transcribe lm/model.safetensors fast.wav
expect 2 'needs a --language-model' "$RONDO" transcribe $model fast.wav --lm-weight 1
expect 2 'at least 2' "$RONDO" transcribe $model fast.wav --language-model lm/model.safetensors --beam 1

# wrong calls and files
expect 2 'none.wav' "$RONDO" transcribe $model sounds/dev/low_ann_6.wav none.wav
printf 'RIFF....WAVEnothing' > false.wav
expect 2 'false.wav' "$RONDO" transcribe $model false.wav
expect 2 'something is missing' "$RONDO" transcribe $model
expect 2 'needs a --beam' "$RONDO" transcribe $model fast.wav --beam 2 --nbest 3
expect 2 'leave --json' "$RONDO" transcribe $model fast.wav --stream --json
expect 2 'speech.yaml' "$RONDO" transcribe speech.yaml fast.wav
expect 0 '' "$RONDO" train speech.yaml --out both --set model.bidirectional=true --set train.max_steps=1 --quiet
expect 2 'cannot stream' "$RONDO" transcribe both/model.safetensors fast.wav --stream
expect 0 '' "$RONDO" transcribe both/model.safetensors fast.wav
expect 2 'spelt twice' "$RONDO" train speech.yaml --out no --set 'data.spelling=[low=a, low=b]'
expect 2 'label_smoothing' "$RONDO" train speech.yaml --out no --set train.label_smoothing=0.1
finish
