# The whole way: train, info, eval, generate, resume, threads; the same bits each time.
. "$(dirname "$0")/lib.sh"
small_recipe
expect 0 '' "$RONDO" train small.yaml --out one --threads 1
check "one line per evaluation elsewhere than on a terminal" grep -q '^epoch 1/1 .*valid ' err
for threads in 2 4; do
    expect 0 '' "$RONDO" train small.yaml --out t$threads --threads $threads --quiet
    check "same bits with $threads threads" cmp one/model.safetensors t$threads/model.safetensors
done
expect 0 '' "$RONDO" info one/model.safetensors
check "info names the cell" grep -q lstm out
check "info lists the tensors" grep -q 'rnn.weight_hh_l0' out
expect 0 '' "$RONDO" info one/model.safetensors --json
expect 0 '' "$RONDO" eval one/model.safetensors --data text.txt --json
for key in nats_per_symbol bits_per_symbol perplexity nats_per_character bits_per_character; do
    check "eval gives $key" grep -q "\"$key\": [0-9]" out
done
"$RONDO" generate one/model.safetensors --prompt 'The ' --tokens 80 --seed 3 > a
"$RONDO" generate one/model.safetensors --prompt 'The ' --tokens 80 --seed 3 --threads 2 > b
"$RONDO" generate one/model.safetensors --prompt 'The ' --tokens 80 --seed 4 > c
check "same seed, same text" cmp a b
check "another seed, another text" sh -c '! cmp -s a c'
check "the prompt leads" grep -q '^The ' a
"$RONDO" generate one/model.safetensors --tokens 40 --temperature 0.000001 --seed 5 > likely
"$RONDO" generate one/model.safetensors --prompt "$(head -c 3 likely)" --tokens 37 --temperature 0.000001 --seed 5 > led
check "a prompt stands at the start of a line, as what is written without one" cmp likely led
expect 0 '' "$RONDO" generate one/model.safetensors --temperature 0 --tokens 20
expect 0 '' "$RONDO" generate one/model.safetensors --prompt '日本 ☃' --tokens 20 --top-k 3 --top-p 0.5
for key in step epoch train_loss valid_loss seconds tokens_per_second; do
    check "metrics.jsonl has $key" grep -q "\"$key\":" one/metrics.jsonl
done
# recipe.yaml as run trains the same model
cp one/recipe.yaml again.yaml
expect 0 '' "$RONDO" train again.yaml --out again --quiet
check "recipe.yaml as run gives the same model" cmp one/model.safetensors again/model.safetensors
# every cell
for cell in elman jordan gru; do
    expect 0 '' "$RONDO" train small.yaml --set model.cell=$cell --set model.layers=2 --out $cell --quiet
    expect 0 '' "$RONDO" generate $cell/model.safetensors --tokens 30 --seed 1
    expect 0 '' "$RONDO" eval $cell/model.safetensors --data text.txt
done
finish
