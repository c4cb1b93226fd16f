# With the Python packages at hand (RONDO_PYTHON, else python3): the node tests of ONNX for RNN, GRU and LSTM, and models
# that PyTorch's exporters write, and models of every task that `rondo export` writes, in ONNX Runtime, with the example that
# uses them. Skipped without them.
. "$(dirname "$0")/lib.sh"
python=${RONDO_PYTHON:-python3}
"$RONDO" --version | grep -q onnx || { echo "built without protobuf-c"; exit 77; }
ran=
for script in check-onnx-official.py check-onnx-pytorch.py check-onnx-export.py; do
    "$python" "$RONDO_TOP/scripts/$script" "$RONDO" > out 2> err
    code=$?
    [ $code = 77 ] && { cat out; continue; }
    ran=yes checks=$((checks + 1))
    tail -n 40 out
    [ $code = 0 ] || note_failure "$script: $(tail -n 3 err)"
done
[ "$ran" ] || exit 77
finish
