# Wrong calls: one line that names the mend, exit code 2; --help everywhere, exit code 0.
. "$(dirname "$0")/lib.sh"
expect 0 '' "$RONDO" --help
expect 0 '' "$RONDO" --version
check "--version names the version" grep -qE '^rondo [0-9]+\.[0-9]+\.[0-9]+$' out
check "--version names the instruction set" grep -q '^instruction set: ' out
for command in train eval translate generate average info bench; do
    expect 0 '' "$RONDO" $command --help
    check "$command --help has an example" grep -q 'example:' out
done
expect 2 "unknown command 'trian' \(did you mean 'train'\?\)" "$RONDO" trian
expect 2 "unknown command" "$RONDO" zzzzzzz
expect 2 "unknown option '--thread' \(did you mean '--threads'\?\)" "$RONDO" train x.yaml --thread 2
expect 2 "something is missing" "$RONDO" train
expect 2 "one word too many" "$RONDO" train a.yaml b.yaml
expect 2 "--threads is 'two' \(must be a whole number" "$RONDO" train a.yaml --threads two
expect 2 "--threads is '99999999999999999999'" "$RONDO" train a.yaml --threads 99999999999999999999
expect 2 "--threads is '-1'" "$RONDO" train a.yaml --threads -1
expect 2 "--out needs a value" "$RONDO" train a.yaml --out
expect 2 "--quiet takes no value" "$RONDO" train a.yaml --quiet=yes
expect 2 "no data \(give --data" "$RONDO" eval m.safetensors
expect 2 "m.safetensors" "$RONDO" eval m.safetensors --data x.txt
expect 2 "m.safetensors" "$RONDO" generate m.safetensors
expect 2 "m.safetensors" "$RONDO" translate m.safetensors
expect 2 "m.safetensors" "$RONDO" average m.safetensors --to n.safetensors
expect 2 "--beam is '0'" "$RONDO" translate m.safetensors --beam 0
expect 2 "m.safetensors" "$RONDO" info m.safetensors
expect 2 "--top-p is '2'" "$RONDO" generate m --top-p 2
expect 2 "--temperature is 'nan'" "$RONDO" generate m --temperature nan
expect 2 "--cell is 'transformer' \(must be one of: elman, jordan, lstm, gru\)" "$RONDO" bench cell --cell transformer
expect 2 "'layer' cannot be timed" "$RONDO" bench layer
expect 2 "--dtype int8" "$RONDO" bench cell --dtype int8
expect 2 "a.yaml" "$RONDO" train a.yaml
"$RONDO" > out 2> err
[ $? -eq 2 ] || note_failure "no command at all gives exit code 2"
for isa in nonsense sse9; do
    RONDO_ISA=$isa expect 2 "$isa" "$RONDO" bench cell --seconds 0.01
done
RONDO_ISA=scalar expect 0 '' "$RONDO" bench cell --cell gru --input-size 3 --hidden-size 5 --batch 2 --steps 4 --seconds 0.01 --json
check "bench says which instruction set ran" grep -q '"isa": "scalar"' out
finish
