# rondo import, and rondo export for PyTorch: the report, what comes out, what is wrong with a call or a file.
. "$(dirname "$0")/lib.sh"
golden=$RONDO_TOP/tests/golden/import
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
# weights CASE [NAME=VALUE...]: the case's weights as a file of their own; a name with a value gets it as first number
weights() {
    python3 - "$golden/cases.safetensors" "$@" <<'PY'
import json, struct, sys
source, case, changes = sys.argv[1], sys.argv[2], dict(c.split("=") for c in sys.argv[3:])
data = open(source, "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head, out, body = json.loads(data[8:8 + size]), {}, b""
for name, t in head.items():
    if not name.startswith(case + "|"):
        if name == case + ".x":
            first, last = t["data_offsets"]
            kind = {"F32": "<f4", "I64": "<i8"}[t["dtype"]]
            npy = "{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }" % (kind, ", ".join(map(str, t["shape"])))
            npy += " " * (-(len(npy) + 11) % 64) + "\n"
            open("x.npy", "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(npy)) + npy.encode() + data[8 + size + first:8 + size + last])
        continue
    name, (first, last) = name[len(case) + 1:], t["data_offsets"]
    bytes_ = data[8 + size + first:8 + size + last]
    if changes.get(name) == "gone":
        continue
    if name in changes:
        bytes_ = struct.pack("<f", float(changes[name])) + bytes_[4:]
    out[name] = {"dtype": t["dtype"], "shape": t["shape"], "data_offsets": [len(body), len(body) + len(bytes_)]}
    body += bytes_
text = json.dumps(out).encode()
open("w.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
PY
}
weights language
expect 0 '' "$RONDO" import w.safetensors --cell lstm --to m.safetensors
check "each tensor is in the report" test "$(grep -c -- ' -> ' out)" -ge 7
check "gates are told" grep -qE "rnn.weight_ih_l0 F32 \(12, 4\) +->  rnn.weight_ih_l0 \(12, 4\)  gates ifgo" out
check "what is guessed is told" grep -qE "decoder.weight F32 \(7, 3\) +->  output.weight \(7, 3\)" out
check "what it is, at the end" grep -q "pytorch: lstm, 1 layer, 4 -> 3 units, embedding of 7 symbols, output layer of 7" out
expect 0 '' "$RONDO" run m.safetensors --input x=x.npy --output results
check "it runs" grep -q "y.npy	F32 (5, 3, 7)" out
expect 0 '' "$RONDO" inspect m.safetensors states x.npy --passage 2
check "it can be looked into" grep -q "x.npy, sequence 2" out
expect 2 "what is right" "$RONDO" inspect m.safetensors ablate x.npy
expect 2 "give .npy files" "$RONDO" inspect m.safetensors states
expect 0 '' "$RONDO" info m.safetensors
check "info says what it is" grep -qE "^task +network" out
expect 0 '' "$RONDO" import w.safetensors --json
check "JSON" python3 -c 'import json; r = json.load(open("out")); assert r["source"] == "pytorch" and len(r["tensors"]) == 7 and all(t["fate"] == "taken" for t in r["tensors"])'
check "without --to nothing is written" sh -c '! ls *.tmp* 2> /dev/null; [ "$(ls | wc -l)" -eq 6 ]'
# other makers
if "$RONDO" import "$golden/keras_gru_before.npz" > out 2> err || ! grep -q libarchive err; then
    expect 0 '' "$RONDO" import "$golden/keras_tagger.npz" --cell lstm --to k.safetensors
    check "kernels are turned" grep -qE "gates ifco -> ifgo  transposed" out
    check "what is made is told" grep -qE "rnn.bias_hh_l0 \(12\)  zeros  \(Keras has one bias\)" out
fi
if "$RONDO" import "$golden/onnx_gru.onnx" > out 2> err || ! grep -q protobuf err; then
    expect 0 '' "$RONDO" import "$golden/onnx_gru.onnx" --cell gru --to o.safetensors
    check "ONNX's order" grep -q "gates zrh -> rzn" out
    expect 0 '' "$RONDO" export o.safetensors --to back.safetensors
    expect 0 '' "$RONDO" import back.safetensors
fi
# tensors that are left over or missing: exit code 2, and the report shows which
weights language rnn.bias_hh_l0=gone
expect 2 "w.safetensors: holds nothing for 'rnn.bias_hh_l0' \(12\)" "$RONDO" import w.safetensors --to never.safetensors
check "missing is told" grep -qE "^- +->  rnn.bias_hh_l0 \(12\)  missing" out
weights nested
cat > map.yaml <<'YAML'
module.model.emb.weight: embedding.weight
"module.model.rnn.*": "rnn.*"
"module.model.fc.*": null
YAML
expect 0 '' "$RONDO" import w.safetensors --map map.yaml --to mapped.safetensors
check "left out on purpose" grep -qE "module.model.fc.bias F32 \(2\) +->  left out  \(the mapping leaves it out\)" out
head -n 1 map.yaml > short.yaml
echo '"module.model.rnn.*": "rnn.*"' >> short.yaml
echo 'module.model.fc.weight: other.weight' >> short.yaml
expect 2 "would become 'other.weight', which the model does not have" "$RONDO" import w.safetensors --map short.yaml --to never.safetensors
echo 'a: b: c' > bad.yaml
expect 2 "bad.yaml:1: not valid YAML" "$RONDO" import w.safetensors --map bad.yaml
weights language rnn.weight_hh_l0=nan
expect 2 "'rnn.weight_hh_l0' holds what is not a number at \(0, 0\)" "$RONDO" import w.safetensors --to never.safetensors
expect 0 '' "$RONDO" import w.safetensors --to nan.safetensors --allow-nan
# calls and files that are wrong
weights rnn
expect 2 "by its shapes this is elman, not lstm" "$RONDO" import w.safetensors --cell lstm --to never.safetensors
expect 2 "is no name of a model file" "$RONDO" import w.safetensors --to never.onnx
expect 2 "none.safetensors" "$RONDO" import none.safetensors --to never.safetensors
expect 2 "model.pt: is a pickle" "$RONDO" import model.pt --to never.safetensors
expect 2 "is a model file of Rondo already" "$RONDO" import m.safetensors --to never.safetensors
expect 2 "give --recipe, too" "$RONDO" import w.safetensors --vocabulary x.npy
expect 2 "unknown option" "$RONDO" import w.safetensors --cells lstm
head -c 200 w.safetensors > cut.safetensors
expect 2 "cut.safetensors: " "$RONDO" import cut.safetensors --to never.safetensors
expect 1 "nowhere" "$RONDO" import w.safetensors --to nowhere/m.safetensors
check "nothing is left of calls that fail" sh -c '! ls never* nowhere 2> /dev/null'
expect 0 '' "$RONDO" import --help
# a language model of another maker becomes one of Rondo
weights language
printf '%s\n' a b c d '\n' ' ' e > symbols.txt
cat > lm.yaml <<'YAML'
task: language_model
data: {train: none.txt, tokenizer: char}
model: {cell: lstm, embedding_size: 4, hidden_size: 3}
YAML
expect 0 '' "$RONDO" import w.safetensors --recipe lm.yaml --vocabulary symbols.txt --to lm.safetensors
check "rows are added" grep -qE "embedding.weight \(8, 4\)  \(rows for symbols they do not know are added\)" out
expect 0 '' "$RONDO" generate lm.safetensors --prompt ab --tokens 20
printf 'abba cab\n' > text.txt
expect 0 '' "$RONDO" eval lm.safetensors --data text.txt
expect 2 "--recipe" "$RONDO" eval m.safetensors --data text.txt
# and a tagger of words: the row of <unk> is found
weights numbers
printf '%s\n' '<pad>' '<unk>' the cat sees a dog > words.txt
printf '%s\n' X Y > labels.txt
cat > tagger.yaml <<'YAML'
task: tag
data: {train: none.conllu}
model: {cell: gru, embedding_size: 4, hidden_size: 4, bidirectional: true, characters: {hidden_size: 0}}
YAML
expect 2 "needs a file of labels" "$RONDO" import w.safetensors --recipe tagger.yaml --vocabulary words.txt
expect 2 "give both" "$RONDO" import w.safetensors --recipe tagger.yaml --labels labels.txt
expect 0 '' "$RONDO" import w.safetensors --recipe tagger.yaml --vocabulary words.txt --labels labels.txt --to tagger.safetensors
printf 'the cat sees a mouse\n' > line.txt
expect 0 '' "$RONDO" tag tagger.safetensors line.txt
check "each word has a label" grep -qE '^(the|cat|sees|a|mouse).*[XY]' out
# out to PyTorch
expect 0 '' "$RONDO" export lm.safetensors --to state.safetensors
check "the module is named" grep -q "module: nn.LSTM(4, 3)" out
expect 0 '' "$RONDO" export lm.safetensors --to rnn.safetensors --prefix rnn.
check "without the prefix" sh -c 'head -c 600 rnn.safetensors | grep -q "\"weight_ih_l0\""'
check "nothing of Rondo's own is in it" sh -c '! grep -q "\"rondo\"" state.safetensors'
expect 2 "--dtype is for C files" "$RONDO" export lm.safetensors --to never.safetensors --dtype int8
expect 2 "--prefix is for PyTorch" "$RONDO" export lm.safetensors --to never.c --prefix rnn.
expect 2 "no parameter's name begins with 'rn.'" "$RONDO" export lm.safetensors --to never.safetensors --prefix rn.
expect 0 '' "$RONDO" import w.safetensors --residual --to odd.safetensors
expect 0 '' "$RONDO" export odd.safetensors --to fine.safetensors
weights gru
expect 0 '' "$RONDO" import w.safetensors --residual --to odd.safetensors
expect 2 "residual, which no module of PyTorch computes" "$RONDO" export odd.safetensors --to never.safetensors
# a network alone has no task
printf 'task: network\nmodel: {cell: gru}\n' > network.yaml
expect 2 "network alone" "$RONDO" train network.yaml --out never
check "nothing is left of calls that fail" sh -c '! ls never.* 2> /dev/null'
finish
