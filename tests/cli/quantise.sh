# `rondo export --int8`, `--bf16`: models of every task with rounded weights, used as any model is; the report; wrong
# calls; the same whole numbers for every instruction set.
. "$(dirname "$0")/lib.sh"
"$RONDO" --version | grep -q 'optional parts:.*json' || exit 77
small_recipe
expect 0 '' "$RONDO" train small.yaml --out run --quiet
grep -q "built without\|lacks" err && exit 77
model=run/model.safetensors
number() { sed -nE "s/^$1 +([-0-9.e]+).*/\1/p"; }                  # number METRIC: of what eval prints
near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && (a - b) * (a - b) < 0.0009) }'; } # near A B

# a language model
expect 0 '' "$RONDO" export $model --to small.safetensors --int8
check "without data nothing is reported" [ ! -s out ]
expect 0 '' "$RONDO" export $model --to half.safetensors --bf16
expect 0 '' "$RONDO" info small.safetensors
check "info says what its weights are" grep -qE '^weights +int8$' out
check "and each tensor" grep -qE '^  rnn.weight_ih_l0 +I8 +\(64, 8\) +768 bytes$' out
check "and the scales" grep -qE '^activations +dynamic$' out
expect 0 '' "$RONDO" info half.safetensors
check "info says bf16" grep -qE '^  rnn.weight_ih_l0 +BF16 +\(64, 8\) +1024 bytes$' out
exact=$("$RONDO" eval $model --data text.txt | number loss)
for file in small half; do
    check "$file: nearly the same loss" near "$("$RONDO" eval $file.safetensors --data text.txt | number loss)" "$exact"
    expect 0 '' "$RONDO" generate $file.safetensors --tokens 40 --seed 1
done
[ "$(command -v python3)" ] && python3 - small.safetensors << 'PY' || note_failure "another reader cannot read the file"
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + n])
meta = head.pop("__metadata__")
assert json.loads(meta["rondo.weights"])["weights"] == "int8"
at = head["rnn.weight_hh_l0"]
scale = head["rnn.weight_hh_l0_scale"]
assert at["dtype"] == "I8" and at["shape"] == [64, 16] and scale["dtype"] == "F32" and scale["shape"] == [64]
body = data[8 + n:]
rows = struct.unpack("<64f", body[slice(*scale["data_offsets"])])
q = struct.unpack("<1024b", body[slice(*at["data_offsets"])])
assert all(max(map(abs, q[16 * r:16 * r + 16])) == 127 for r in range(64)) and all(s > 0 for s in rows)
assert all(t["data_offsets"][0] % {"F32": 4, "I8": 1}.get(t["dtype"], 1) == 0 for t in head.values())
PY

# the report
expect 0 '' "$RONDO" export $model --to again.safetensors --int8 --data text.txt --layers
check "the same file" cmp small.safetensors again.safetensors
check "before and after" grep -qE '^bytes of weights +[0-9]+ +[0-9]+  -[0-9.]+ %$' out
check "what eval says of the file" grep -q "^loss .* $("$RONDO" eval small.safetensors --data text.txt | number loss) " out
check "each layer" [ "$(grep -cE '^[a-z_.0-9]+ +[0-9]+x[0-9]+ +[0-9.]+ %  *[0-9.]+ dB' out)" -eq 4 ]
expect 0 '' "$RONDO" export $model --to kept.safetensors --int8 --keep embedding rnn.weight_hh_l0 --data text.txt --layers --json
check "JSON" python3 -c 'import json
r = json.load(open("out"))
assert [l["name"] for l in r["layers"] if not l["rounded"]] == ["embedding.weight", "rnn.weight_hh_l0"]
assert r["weights"] == "int8" and r["bytes_after"] < r["bytes_before"] and r["after"]["loss"] > 0'
expect 0 '' "$RONDO" info kept.safetensors
check "what is kept is float" grep -qE '^  rnn.weight_hh_l0 +F32' out
expect 0 '' "$RONDO" export $model --to fixed.safetensors --int8 --calibrate text.txt --percentile 99.9 --layers
check "the layers' inputs" grep -q 'input up to' out
expect 0 '' "$RONDO" info fixed.safetensors
check "info says calibrated" grep -qE '^activations +calibrated$' out
check "nearly the same loss" near "$("$RONDO" eval fixed.safetensors --data text.txt | number loss)" "$exact"

# products of whole numbers are the same on every machine: what is written is, too, here where the gates are close
for isa in $("$RONDO" --version | sed -nE 's/.*available: ([a-z0-9 ]+).*/\1/p'); do
    check "$isa writes the same file" sh -c "RONDO_ISA=$isa '$RONDO' export $model --to isa.safetensors --int8 && cmp isa.safetensors small.safetensors"
    RONDO_ISA=$isa "$RONDO" eval small.safetensors --data text.txt | number loss > loss.$isa
    check "$isa evaluates to the same" near "$(cat loss.$isa)" "$(cat loss.scalar)"
done

# as numbers again, for other formats
expect 0 '' "$RONDO" export small.safetensors --to small.c --check-steps 0
check "C of rounded weights" grep -q 'small_step' small.c

# other tasks
small_pairs
expect 0 '' "$RONDO" train pairs.yaml --out pairs --quiet
expect 0 '' "$RONDO" export pairs/model.safetensors --to p.safetensors --int8 --data dev.ja dev.en
check "BLEU before and after" grep -qE '^bleu ' out
expect 0 '' "$RONDO" translate p.safetensors dev.ja --beam 3
expect 0 '' "$RONDO" translate pairs/model.safetensors dev.ja --ensemble p.safetensors
small_tags
expect 0 '' "$RONDO" train tags.yaml --out tags --quiet
expect 0 '' "$RONDO" export tags/model.safetensors --to t.safetensors --int8 --data dev.conllu
expect 0 '' "$RONDO" eval t.safetensors --data dev.conllu
small_sounds
expect 0 '' "$RONDO" train sounds.yaml --out sounds-run --quiet
expect 0 '' "$RONDO" export sounds-run/model.safetensors --to s.safetensors --int8 --data sounds/dev
expect 0 '' "$RONDO" classify s.safetensors sounds/dev/low_ann_6.wav --stream

# wrong calls
expect 2 'two kinds of weights' "$RONDO" export $model --to no.safetensors --int8 --bf16
expect 2 'give --to FILE.safetensors' "$RONDO" export $model --to no.c --int8
expect 2 'with --int8 or --bf16' "$RONDO" export $model --to no.safetensors --layers
expect 2 'needs data' "$RONDO" export $model --to no.safetensors --int8 --layers
expect 2 'no scales to calibrate' "$RONDO" export $model --to no.safetensors --bf16 --calibrate text.txt
expect 2 '--percentile needs data' "$RONDO" export $model --to no.safetensors --int8 --percentile 99
expect 2 "no weight 'rrn'" "$RONDO" export $model --to no.safetensors --int8 --keep rrn
expect 2 "no metric 'los' .but loss, nats" "$RONDO" export $model --to no.safetensors --int8 --data text.txt --metric los
expect 2 'rounded already' "$RONDO" export small.safetensors --to no.safetensors --int8
expect 2 'none.txt' "$RONDO" export $model --to no.safetensors --int8 --data none.txt
check "nothing half-written is left" sh -c '! ls no.* 2> /dev/null'
cp small.safetensors run/last.safetensors
expect 2 'rounded for use' "$RONDO" train small.yaml --out run --resume --quiet
finish
