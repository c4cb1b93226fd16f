# With the Python packages at hand (RONDO_PYTHON, else python3): the examples that go between PyTorch, Keras and Rondo.
. "$(dirname "$0")/lib.sh"
python=${RONDO_PYTHON:-python3}
command -v "$python" > /dev/null || { echo "no $python"; exit 77; }
ran=
for example in pytorch_to_rondo rondo_to_pytorch keras_to_rondo; do
    if [ $example = keras_to_rondo ] && "$RONDO" import "$RONDO_TOP/tests/golden/import/keras_rnn.npz" 2>&1 | grep -q libarchive; then
        echo "keras_to_rondo: built without libarchive"
        continue
    fi
    "$python" "$RONDO_TOP/examples/$example.py" "$RONDO" > out 2> err
    code=$?
    [ $code = 77 ] && { echo "$example: $(cat out)"; continue; }
    ran=yes checks=$((checks + 1))
    grep difference out
    [ $code = 0 ] || note_failure "$example: $(tail -n 3 err)"
done
[ "$ran" ] || exit 77
finish
