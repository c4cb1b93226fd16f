# Every `rondo ...` line in a sh block of README.md, docs/*.md and the book (docs/guide), and every example of --help, runs
# as it stands - on small data of the same names, and with training cut short.
. "$(dirname "$0")/lib.sh"
mkdir -p data/tinyshakespeare data/wikitext2 data/enja data/cmudict
"$RONDO_TOP/tests/support/sentences" 1500 > data/tinyshakespeare/train.txt
"$RONDO_TOP/tests/support/sentences" 600 5 > data/wikitext2/train.txt
"$RONDO_TOP/tests/support/sentences" 100 6 > data/wikitext2/valid.txt
cp data/wikitext2/valid.txt other.txt
for part in train dev; do
    "$RONDO_TOP/tests/support/sentences" 300 7 > data/enja/$part.en
    tr 'a-z' 'A-Z' < data/enja/$part.en > data/enja/$part.ja
done
cp data/enja/dev.ja data/enja/dev.en .
for word in car cat bat rat art; do echo "$word $(sed 's/./\U& /g' <<< $word)"; done | tee data/cmudict/train.dict > data/cmudict/dev.dict
small_sounds
for part in train dev; do
    mkdir -p fsdd/$part
    for name in sounds/$part/*.wav; do
        cp "$name" "fsdd/$part/$(basename "$name" | sed 's/low/0/; s/high/1/; s/zoom/2/; s/ann/george/')"
    done
done
mkdir -p data/fsdd
tar cf data/fsdd/fsdd.tar fsdd
cp sounds/dev/low_ann_6.wav seven.wav
small_tags
mkdir -p data/ud_english_ewt
cp tags.conllu data/ud_english_ewt/en_ewt-ud-train.conllu
cp dev.conllu data/ud_english_ewt/en_ewt-ud-dev.conllu
cp words.txt sentences.txt
mkdir data/ett
{
    echo "date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"
    awk 'BEGIN { for (i = 0; i < 9100; i++) {
        printf "%d,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f\n", 1467331200 + 3600 * i, 5 + sin(i * .26), i % 7, i % 11, i % 5, cos(i * .26), i % 3, i % 24 } }'
} > data/ett/ETTh1.csv
# what `make demo` leaves, on few sentences
mkdir -p runs/demo data/finance
"$RONDO_TOP/scripts/demo-pairs" all-pairs
for side in ja en; do
    head -n 2000 all-pairs/train.$side > runs/demo/train.$side
    head -n 20 all-pairs/dev.$side > runs/demo/dev.$side
done
{
    echo "DATE,OPEN,HIGH,LOW,CLOSE"
    awk 'BEGIN { for (i = 0; i < 700; i++) printf "%d,17,18,16,%.2f\n", 1104537600 + 86400 * i, 17 + sin(i * .7) + i % 5 * .1 }'
} > data/finance/vix-daily.csv
cp -r "$RONDO_TOP/recipes" .
"$RONDO_TOP/tests/support/onnx_case" "$RONDO_TOP/tests/golden/onnx/lstm.safetensors" lstm_014_layout_1
mv m.onnx tagger.onnx
mv in_X.npy words.npy
mv in_initial_h.npy h.npy
mv in_initial_c.npy c.npy
# weights of other makers: of a tagger, of a language model, under other names
state_dict() { # state_dict CASE FILE
    python3 - "$RONDO_TOP/tests/golden/import/cases.safetensors" "$@" <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head, out, body = json.loads(data[8:8 + size]), {}, b""
for name, t in head.items():
    if name.startswith(sys.argv[2] + "|"):
        first, last = t["data_offsets"]
        t["data_offsets"] = [len(body), len(body) + last - first]
        body += data[8 + size + first:8 + size + last]
        out[name[len(sys.argv[2]) + 1:]] = t
text = json.dumps(out).encode()
open(sys.argv[3], "wb").write(struct.pack("<Q", len(text)) + text + body)
PY
}
state_dict language tagger-weights.safetensors
state_dict language lm-weights.safetensors
state_dict mapped other-weights.safetensors
printf '%s\n' a b c d '\n' ' ' e > symbols.txt
printf '%s\n' 'task: language_model' 'data: {train: none.txt, tokenizer: char}' \
    'model: {cell: lstm, embedding_size: 4, hidden_size: 3}' > lm.yaml
cat > other-names.yaml <<'YAML'
tok: embedding.weight
lstm/W: {to: rnn.weight_ih_l0, gate_order: iofc, transpose: true}
lstm/U: {to: rnn.weight_hh_l0, gate_order: iofc, transpose: true}
lstm/b: {to: rnn.bias_ih_l0, gate_order: iofc}
lstm/c: {to: rnn.bias_hh_l0, gate_order: iofc}
head.kernel: {to: output.weight, transpose: true}
head.bias: output.bias
"optimizer.*": null
YAML
python3 - <<'PY'
import struct
head = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"
head += " " * (-(len(head) + 11) % 64) + "\n"
open("symbols.npy", "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<3i", 1, 2, 3))
head = head.replace("(3,), }", "(3,1),}")
open("source.npy", "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<3i", 1, 2, 3))
PY
export RONDO_DATA=$work/data
mkdir bin
ln -s "$RONDO" bin/rondo
PATH=$work/bin:$PATH
short="--set train.max_steps=3 --set train.batch_size=4 --set train.steps_per_sequence=16 --set train.schedule.warmup_steps=1"
short="$short --set model.embedding_size=8 --quiet"
pairs=$(sed 's/--set train.batch_size=4 --set train.steps_per_sequence=16/--set train.batch_tokens=60/' <<< "$short")
pairs="$pairs --set model.encoder.hidden_size=8 --set model.decoder.hidden_size=16"
sounds="--set train.max_steps=3 --set train.batch_size=4 --set train.schedule.warmup_steps=1 --set model.hidden_size=8 --quiet"
tags="--set train.max_steps=3 --set train.batch_size=4 --set train.schedule.warmup_steps=1 --set model.embedding_size=8"
tags="$tags --set model.hidden_size=12 --quiet"
{
    for page in "$RONDO_TOP"/README.md "$RONDO_TOP"/docs/*.md "$RONDO_TOP"/docs/guide/*/*.md; do
        sed -n '/^```sh$/,/^```$/p' "$page" | grep -E "^(RONDO_[A-Z]+=[^ ]+ |echo '[^']+' \\| )?rondo " || true
    done
    for command in train eval generate translate classify transcribe tag forecast average info run import export inspect bench; do
        rondo $command --help | sed -n '/^example:/,/^$/p' | grep -E "^ +(RONDO_[A-Z]+=[^ ]+ |echo '[^']+' \\| )?rondo " || true
    done
} | awk '!seen[$0]++' > lines # the book says the same in two languages
[ "$(wc -l < lines)" -ge 8 ] || note_failure "only $(wc -l < lines) examples were found"
series="--set train.max_steps=3 --set train.batch_size=4 --set model.hidden_size=8 --set data.splits=[8800,200] --quiet"
# the runs that examples of other commands go on from
rondo train recipes/etth1.yaml --out runs/etth1 $series || note_failure "etth1"
rondo train recipes/etth1-quantiles.yaml --out runs/etth1-quantiles $series || note_failure "etth1-quantiles"
rondo train recipes/enja-attention.yaml --out runs/enja-attention $pairs || note_failure "enja-attention"
rondo train recipes/g2p.yaml --out runs/g2p $pairs --set train.keep=2 || note_failure "g2p"
rondo train recipes/digits-classify.yaml --out runs/digits-classify $sounds || note_failure "digits-classify"
rondo train recipes/digits-transcribe.yaml --out runs/digits-transcribe $sounds || note_failure "digits-transcribe"
rondo train recipes/pos-tags.yaml --out runs/pos-tags $tags || note_failure "pos-tags"
RONDO_DATA=runs/demo rondo train recipes/demo.yaml --out runs/demo/run $pairs || note_failure "demo"
while read -r line; do
    checks=$((checks + 1))
    case $line in
    *"rondo train recipes/enja"* | *"rondo train recipes/g2p"* | *"rondo train recipes/demo"*) line="$line $pairs" ;;
    *"rondo train my-words"*) continue ;; # recordings of the reader's own
    *"rondo train recipes/digits"*) line="$line $sounds" ;;
    *"rondo train recipes/pos-tags"*) line="$line $tags" ;;
    *"rondo train recipes/vix"*) line="$line ${series/--set data.splits=\[8800,200\]/}" ;;
    *"rondo train recipes/etth1"* | *"rondo train recipes/sp500"*) line="$line $series" ;;
    *"rondo train"*) line="$line $short --set model.hidden_size=12" ;;
    *"rondo bench"*) line="$line --seconds 0.05" ;;
    esac
    # an example may name a run that an earlier one made
    case $line in *" --out "*) out=$(sed -E 's/.* --out ([^ ]+).*/\1/' <<< "$line"); case $line in *--resume*) ;; *) rm -rf "$out" ;; esac ;; esac
    timeout 100 bash -c "$line" > out 2> err < /dev/null || note_failure "$line: $(head -c 300 err)"
done < lines
finish
