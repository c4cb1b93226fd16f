# rondo info --verify: every byte of every file of a run is under a checksum.
. "$(dirname "$0")/lib.sh"
small_recipe
expect 0 '' "$RONDO" train small.yaml --out run --quiet --set train.evaluate_every=20 --set train.keep=1
expect 0 '' "$RONDO" info --verify run
check "all five files are whole" test "$(grep -c '^whole ' out)" = 5
expect 0 '' "$RONDO" info --verify run/model.safetensors
# each file, with one byte changed at several places
for file in recipe.yaml metrics.jsonl model.safetensors last.safetensors; do
    size=$(wc -c < run/$file)
    for place in 20 $((size / 3)) $((size / 2)) $((size - 40)) $((size - 21)) $((size - 15)) $((size - 12)) $((size - 6)) $((size - 2)); do
        rm -rf hurt && cp -r run hurt
        old=$(od -An -tu1 -j$place -N1 run/$file)
        printf "\\x$(printf %x $((old ^ 1)))" | dd of=hurt/$file bs=1 seek=$place conv=notrunc 2> /dev/null
        expect 2 "hurt/$file:.*(checksum|damaged|byte|tensor)" "$RONDO" info --verify hurt
        check "$file alone is called damaged" test "$(grep '^damaged ' out)" = "damaged   hurt/$file"
    done
done
# a damaged model is not opened, a damaged checkpoint not gone on from; the rest stays as it is
rm -rf hurt && cp -r run hurt
for file in model last; do
    size=$(wc -c < run/$file.safetensors)
    printf X | dd of=hurt/$file.safetensors bs=1 seek=$((size - 1000)) conv=notrunc 2> /dev/null
done
expect 2 'hurt/model.safetensors: damaged.*copy it again' "$RONDO" generate hurt/model.safetensors
expect 2 'hurt/last.safetensors: damaged' "$RONDO" train small.yaml --out hurt --resume --quiet --set train.max_steps=60 --set train.epochs=9
expect 2 'hurt: 2 of 5 files are damaged' "$RONDO" info --verify hurt
# what another program wrote carries none, and a run being written may end in half a line
sed -i '$d' hurt/recipe.yaml
printf '{"step": 50' >> hurt/metrics.jsonl
expect 0 '' "$RONDO" info --verify hurt/recipe.yaml
check "it is called unsigned" grep -q '^unsigned ' out
expect 0 '' "$RONDO" info --verify hurt/metrics.jsonl
expect 2 'nothere: not there' "$RONDO" info --verify nothere
mkdir empty
expect 2 'empty: holds no file of a run' "$RONDO" info --verify empty
expect 2 'verify and --json' "$RONDO" info --verify --json run
finish
