# Classifiers as users type them: recordings, texts, series; streams; wrong calls and files.
. "$(dirname "$0")/lib.sh"
"$RONDO" --version | grep -q 'optional parts:.*json' || exit 77
small_sounds
expect 0 '' "$RONDO" train sounds.yaml --out one --threads 1
grep -q "built without\|lacks" err && exit 77
check "the recordings are told of" grep -q 'training: 18 recordings' err
check "a table for each label" grep -q 'precision *recall' err
expect 0 '' "$RONDO" train sounds.yaml --out two --threads 2 --quiet
check "same bits with 2 threads" cmp one/model.safetensors two/model.safetensors
expect 0 '' "$RONDO" info one/model.safetensors
check "info names the input" grep -qE '^input +audio' out
expect 0 '' "$RONDO" eval one/model.safetensors --data sounds/dev
check "eval prints the table" grep -qE '^zoom ' out
check "and where mistakes are" grep -qE '^truth +high' out
expect 0 '' "$RONDO" eval one/model.safetensors --data sounds/train --where speaker=theo --json
check "only one speaker" grep -q '"examples": 9' out
expect 2 'none of 18 examples' "$RONDO" eval one/model.safetensors --data sounds/train --where speaker=x
expect 2 "no field 'age'" "$RONDO" eval one/model.safetensors --data sounds/train --where age=1
expect 2 'sounds/none' "$RONDO" eval one/model.safetensors --data sounds/none

expect 0 '' "$RONDO" classify one/model.safetensors sounds/dev/low_ann_6.wav sounds/dev/zoom_theo_7.wav
check "a line each: file, label, probability" grep -qP '^sounds/dev/low_ann_6.wav\tlow\t[01]\.\d{4}$' out
check "in their order" sh -c 'tail -n 1 out | grep -q "zoom_theo_7.wav.zoom"'
expect 0 '' "$RONDO" classify one/model.safetensors sounds/dev/low_ann_6.wav --json
check "JSON" grep -qE '^\{"file": "sounds/dev/low_ann_6.wav", "label": "low", "probability": [0-9.]+, "probabilities": \{"high": ' out
expect 0 '' "$RONDO" classify one/model.safetensors sounds/dev/low_ann_6.wav --stream
check "a stream ends" grep -qP '^end\tlow\t' out
expect 0 '' "$RONDO" classify one/model.safetensors sounds/dev/low_ann_6.wav --stream --json --time
check "each hop" sh -c '[ "$(grep -c "\"seconds\"" out)" -ge 8 ]'
check "times of hops" grep -qE '^[0-9]+ hops: p50 [0-9.]+ ms, p99 [0-9.]+ ms, max' err
expect 0 '' "$RONDO" classify one/model.safetensors sounds/dev/*.wav --time
check "time in all" grep -qE '^6 in ' err
write_tone fast.wav 300 4000 44100
expect 0 '' "$RONDO" classify one/model.safetensors fast.wav
write_tone empty.wav 300 0
expect 0 '' "$RONDO" classify one/model.safetensors empty.wav
expect 0 '' "$RONDO" classify one/model.safetensors empty.wav --stream

expect 2 'none.wav' "$RONDO" classify one/model.safetensors sounds/dev/low_ann_6.wav none.wav
printf 'RIFF....WAVEnothing' > false.wav
expect 2 'false.wav' "$RONDO" classify one/model.safetensors false.wav
expect 2 'no file' "$RONDO" classify one/model.safetensors
expect 2 'something is missing' "$RONDO" classify
expect 2 'sounds.yaml' "$RONDO" classify sounds.yaml sounds/dev/low_ann_6.wav
expect 0 '' "$RONDO" train sounds.yaml --out both --set model.bidirectional=true --set train.max_steps=1 --quiet
expect 2 'cannot stream' "$RONDO" classify both/model.safetensors sounds/dev/low_ann_6.wav --stream
expect 2 "there are: label, speaker, index" "$RONDO" train sounds.yaml --out no --set 'data.where=speakr=ann'
expect 2 'does not fit the pattern' "$RONDO" train sounds.yaml --out no --set 'data.pattern="{label}-{n}"'

# an archive
tar cf sounds.tar sounds
expect 0 '' "$RONDO" train sounds.yaml --out tar --quiet --set data.train=sounds.tar/sounds/train --set data.valid=sounds.tar/sounds/dev
expect 0 '' "$RONDO" eval tar/model.safetensors --data sounds.tar/sounds/dev

# texts
for i in 1 2 3 4 5 6 7 8; do printf 'up %s above\trise\ndown %s below\tfall\n' $i $i; done > texts.tsv
cat > texts.yaml <<YAML
task: classify
data: {input: text, train: texts.tsv, valid: texts.tsv, tokenizer: word}
model: {cell: gru, embedding_size: 6, hidden_size: 8, pooling: mean}
train: {optimizer: {type: adamw, learning_rate: 0.05}, batch_size: 4, epochs: 8}
YAML
expect 0 '' "$RONDO" train texts.yaml --out texts --quiet
printf 'up 1 above\n\nbelow down\n' > lines
expect 0 '' "$RONDO" classify texts/model.safetensors lines
check "a line out for each line in" sh -c '[ "$(wc -l < out)" -eq 3 ]'
check "the first rises" sh -c 'head -n 1 out | grep -q "^rise"'
"$RONDO" classify texts/model.safetensors < lines > piped
check "stdin gives the same" cmp piped out
expect 0 '' "$RONDO" classify texts/model.safetensors lines --json
check "JSON has the line's number" grep -q '"line": 3, "label": "fall"' out
expect 2 'is for models of recordings' "$RONDO" classify texts/model.safetensors lines --stream
printf 'caf\351\n' > latin
expect 2 'UTF-8' "$RONDO" classify texts/model.safetensors latin

# series
mkdir series
for i in 1 2 3 4 5 6; do
    awk -v s=$i -v OFS=, 'BEGIN { print "x,y"; for (t = 0; t < 6 + s; t++) print t * 0.2, s / 10 }' > series/up_$i.csv
    awk -v s=$i -v OFS=, 'BEGIN { print "x,y"; for (t = 0; t < 6 + s; t++) print -t * 0.2, s / 10 }' > series/down_$i.csv
done
cat > series.yaml <<YAML
task: classify
data: {input: series, train: series, valid: series, pattern: "{label}_{index}"}
model: {cell: lstm, hidden_size: 8}
train: {optimizer: {type: adamw, learning_rate: 0.05}, batch_size: 4, epochs: 10}
YAML
expect 0 '' "$RONDO" train series.yaml --out series-run --quiet
expect 0 '' "$RONDO" classify series-run/model.safetensors series/up_1.csv
check "up" grep -qP 'up_1.csv\tup\t' out
printf 'x,y\n1,two\n' > bad.csv
expect 2 "bad.csv:2: column 'y'" "$RONDO" classify series-run/model.safetensors bad.csv

printf 'x,y\n1,\n' > bad.csv
expect 2 "bad.csv:2: column 'y': the value is missing" "$RONDO" classify series-run/model.safetensors bad.csv
printf 'x,y\n1,1e300\n' > bad.csv
expect 2 "bad.csv:2: column 'y': 1e\+300 is too large" "$RONDO" classify series-run/model.safetensors bad.csv
printf 'x,y\n1,-inf\n' > bad.csv
expect 2 "bad.csv:2: column 'y': '-inf' is infinite .write a number" "$RONDO" classify series-run/model.safetensors bad.csv
printf 'x\n1\n' > bad.csv
expect 2 "bad.csv: no column 'y'" "$RONDO" classify series-run/model.safetensors bad.csv
for file in series/*; do sed -i 's/,.*/,5/; 1s/.*/x,y/' $file; done
expect 0 '' "$RONDO" train series.yaml --out flat --quiet # a column that never changes

# another task
small_recipe
expect 0 '' "$RONDO" train small.yaml --out lm --quiet --set train.max_steps=2
expect 2 'only a classifier tells labels' "$RONDO" classify lm/model.safetensors text.txt
expect 2 'no labelled examples' "$RONDO" eval lm/model.safetensors --data text.txt --where speaker=x
finish
