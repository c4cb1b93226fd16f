# rondo run and rondo info on ONNX files: what is asked for, what comes out, what is wrong with a call or a file.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
"$RONDO_TOP/tests/support/onnx_case" "$RONDO_TOP/tests/golden/onnx/lstm.safetensors" lstm_014_layout_1
if ! "$RONDO" info m.onnx > out 2> err; then
    grep -q "protobuf-c" err && { echo "built without protobuf-c"; exit 77; }
fi
expect 0 '' "$RONDO" info m.onnx
check "info names the operator" grep -q "LSTM .*1" out
check "info names the inputs" grep -qE "  X +F32 +\(" out
expect 0 '' "$RONDO" info m.onnx --json
check "info writes JSON" python3 -c 'import json; i = json.load(open("out")); assert i["opset"] >= 7 and i["inputs"] and not i["unsupported"]'
inputs=$(for f in in_*.npy; do name=${f#in_}; echo "${name%.npy}=$f"; done)
expect 0 '' "$RONDO" run m.onnx --input $inputs --output results
check "run lists what it wrote" grep -q "results/Y.npy	F32 (" out
for name in Y Y_h Y_c; do
    check "$name is there" test -s results/$name.npy
done
expect 0 '' "$RONDO" run m.onnx --input $inputs --output again --reference --quiet --threads 1
check "quiet is quiet" test ! -s out
check "both paths agree in shape" cmp -n 80 results/Y.npy again/Y.npy
# all inputs in one file
expect 0 '' "$RONDO" run m.onnx --input inputs.npz --output packed
check "an .npz file gives the same" cmp results/Y.npy packed/Y.npy
# calls that are wrong
expect 2 "m.onnx: input 'X' is missing \(it is F32, of shape" "$RONDO" run m.onnx --output never
expect 2 "no input 'Z'" "$RONDO" run m.onnx --input Z=in_X.npy --output never
expect 2 "shall the outputs go" "$RONDO" run m.onnx --input $inputs
expect 2 "none.npy" "$RONDO" run m.onnx --input X=none.npy --output never
expect 2 "is no file of arrays" "$RONDO" run m.onnx --input X=m.onnx --output never
expect 2 "none.onnx" "$RONDO" run none.onnx --output never
expect 2 "is no model that can be run" "$RONDO" run err --output never
expect 2 "leaves open which is meant" "$RONDO" run m.onnx --input X=inputs.npz --output never
expect 2 "input 'X' has shape .* \(the model wants" "$RONDO" run m.onnx --input X=results/Y_h.npy --output never
check "nothing is written by calls that fail" test ! -e never
touch file
expect 1 "file" "$RONDO" run m.onnx --input $inputs --output file/below
expect 0 '' "$RONDO" run --help
# a model of Rondo's own: symbols in, logits out, alone and as two sequences
small_recipe
expect 0 '' "$RONDO" train small.yaml --out own --quiet
symbols() { # symbols FILE SHAPE NUMBER...: int64
    python3 - "$@" <<'PY'
import struct, sys
head = "{'descr': '<i8', 'fortran_order': False, 'shape': (%s), }" % sys.argv[2]
head += " " * (-(len(head) + 11) % 64) + "\n"
data = b"".join(struct.pack("<q", int(n)) for n in sys.argv[3:])
open(sys.argv[1], "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + data)
PY
}
symbols s.npy 4, 3 1 4 2
symbols two.npy 4,2 3 3 1 1 4 4 2 2
expect 0 '' "$RONDO" run own/model.safetensors --input x=s.npy --output one
check "it says what came out" grep -qE "one/y.npy	F32 \(4, [0-9]+\)" out
expect 0 '' "$RONDO" run own/model.safetensors --input x=two.npy --output both
check "two sequences" grep -qE "both/y.npy	F32 \(4, 2, [0-9]+\)" out
check "each as if alone" python3 -c '
one, both = (open(f, "rb").read()[128:] for f in ("one/y.npy", "both/y.npy"))
n = len(one) // 4
assert all(both[2 * t * n : (2 * t + 1) * n] == one[t * n : (t + 1) * n] == both[(2 * t + 1) * n : (2 * t + 2) * n] for t in range(4))'
symbols wrong.npy 2, 3 999
expect 2 "x holds 999 \(symbols are 0 to" "$RONDO" run own/model.safetensors --input x=wrong.npy --output never
expect 2 "has one input, x" "$RONDO" run own/model.safetensors --input y=s.npy --output never
expect 2 "x is F32 \(the model reads symbols" "$RONDO" run own/model.safetensors --input x=in_X.npy --output never
# files that are damaged
for part in 0 1 40 100; do
    head -c $part m.onnx > cut.onnx
    expect 2 "cut.onnx: " "$RONDO" run cut.onnx --output never
    expect 2 "cut.onnx: " "$RONDO" info cut.onnx
done
head -c 4000 /dev/urandom > noise.onnx
expect 2 "noise.onnx: " "$RONDO" run noise.onnx --output never
expect 2 "/dev/zero" timeout 10 "$RONDO" info /dev/zero
finish
