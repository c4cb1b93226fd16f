# Model files and folders: truncated, foreign, unwritable, full. What was there stays.
. "$(dirname "$0")/lib.sh"
small_recipe
expect 0 '' "$RONDO" train small.yaml --out run --quiet
for name in model.safetensors last.safetensors metrics.jsonl recipe.yaml; do
    check "run/$name is there" test -s run/$name
done
check "no temporary file is left" sh -c '! ls run | grep -q tmp'
size=$(wc -c < run/model.safetensors)
for part in 0 1 7 8 100 $((size / 2)) $((size - 1)); do
    head -c $part run/model.safetensors > cut.safetensors
    expect 2 "cut.safetensors" "$RONDO" info cut.safetensors
    expect 2 "cut.safetensors" "$RONDO" generate cut.safetensors
done
{ cat run/model.safetensors; echo more; } > long.safetensors
expect 2 "long.safetensors" "$RONDO" info long.safetensors
head -c 4000 /dev/urandom > noise.safetensors
expect 2 "noise.safetensors" "$RONDO" eval noise.safetensors --data text.txt
printf '\x32\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}    1234' | head -c 62 > foreign.safetensors
expect 2 "foreign.safetensors" "$RONDO" info foreign.safetensors
expect 2 "recipe.yaml|small.yaml" "$RONDO" info small.yaml
expect 2 "run" "$RONDO" info run
# devices never end; a reader that leaves early is no failure
expect 2 "/dev/zero: is a device" timeout 10 "$RONDO" info /dev/zero
expect 2 "/dev/zero: is a device" timeout 10 "$RONDO" eval run/model.safetensors --data /dev/zero
for call in "generate run/model.safetensors --tokens 100000000" "info run/model.safetensors" "train --help"; do
    { timeout 20 "$RONDO" $call 2> err; echo $? > code; } | head -n 1 > /dev/null
    check "a closed pipe ends '$call' quietly" test ! -s err
    check "a closed pipe is no failure of '$call'" test "$(cat code)" = 0
done
# a run in a folder is not overwritten by accident
cp run/model.safetensors before.safetensors
expect 2 "run.*--resume" "$RONDO" train small.yaml --out run
check "the model is as it was" cmp run/model.safetensors before.safetensors
expect 2 "never.*|last.safetensors" "$RONDO" train small.yaml --out never --resume
# folders that cannot be
touch file
expect 1 "file" "$RONDO" train small.yaml --out file/below
expect 1 "proc" "$RONDO" train small.yaml --out /proc/rondo
# a disk that is full: writing fails while the run goes on, the old files stay whole
full() { (trap '' XFSZ; ulimit -f 4; exec "$@"); }
expect 1 "full" full "$RONDO" train small.yaml --out full --quiet
check "nothing half-written" sh -c '! ls full 2>/dev/null | grep -qE "tmp|model.safetensors"'
expect 1 "stdout" sh -c "'$RONDO' generate run/model.safetensors --tokens 100 --seed 1 > /dev/full"
expect 1 "stdout" sh -c "'$RONDO' info run/model.safetensors > /dev/full"

# a recipe that lies in the folder of results is the user's: it stays, with its comments, beside the recipe as run
mkdir own
{ echo '# mine'; sed 's,: text,: ../text,; s,: dev,: ../dev,' small.yaml; } > own/recipe.yaml
cp own/recipe.yaml mine.yaml
expect 0 '' "$RONDO" train own/recipe.yaml --out own
check "it is told" grep -q 'yours is recipe.user.yaml' err
check "the user's recipe" cmp own/recipe.user.yaml mine.yaml
check "the recipe as run" grep -q '# checksum crc32' own/recipe.yaml
check "and no other" test ! -e own/recipe.user-2.yaml
expect 0 '' "$RONDO" train own/recipe.yaml --out own --resume --quiet
echo '# changed' >> own/recipe.yaml
cp own/recipe.yaml changed.yaml
expect 0 '' "$RONDO" train own/recipe.yaml --out own --resume
check "it is told again" grep -q 'yours is recipe.user-2.yaml' err
check "both are there" sh -c 'cmp own/recipe.user.yaml mine.yaml && cmp own/recipe.user-2.yaml changed.yaml'
for n in $(seq 3 99); do
    echo "# $n" > own/recipe.user-$n.yaml
done
echo '# changed again' >> own/recipe.yaml
cp own/recipe.yaml changed.yaml
expect 2 '99 recipes are kept there already' "$RONDO" train own/recipe.yaml --out own --resume
check "nothing is lost where there is no name left" cmp own/recipe.yaml changed.yaml
finish
