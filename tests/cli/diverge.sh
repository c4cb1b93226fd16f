# A run whose numbers leave what can be written ends with one line and exit code 1, and keeps the last good model.
. "$(dirname "$0")/lib.sh"
small_recipe
mend='\(lower train.optimizer.learning_rate or train.clip_norm\)$'
for rule in sgd adam adamw rmsprop adagrad; do
    expect 1 "step [0-9]+( \(epoch [0-9]+, batch [0-9]+\))?: the .*loss is .*$mend" "$RONDO" train small.yaml --out $rule --quiet \
        --set "train.optimizer={type: $rule, learning_rate: 1e30}"
    check "$rule: no model of such numbers" test ! -e $rule/model.safetensors
    check "$rule: nothing half-written" test "$(ls $rule | wc -l)" -eq 1
done
# lost only after a while: the best model is still there, and the old rate goes on from the last checkpoint
sets="--quiet --set train.evaluate_every=5 --set train.max_steps=20"
expect 0 '' "$RONDO" train small.yaml --out whole $sets
expect 0 '' "$RONDO" train small.yaml --out late $sets --set train.max_steps=10
cp late/model.safetensors good.safetensors
expect 1 "; the last good model is kept in late $mend" \
    "$RONDO" train small.yaml --out late --resume $sets --set train.optimizer.learning_rate=1e30
check "the model is as it was" cmp good.safetensors late/model.safetensors
expect 0 '' "$RONDO" train small.yaml --out late --resume $sets
check "gone on with the old rate, the model has the same bits" cmp whole/model.safetensors late/model.safetensors
finish
