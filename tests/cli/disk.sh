# A disk that fills up while a run goes on, on a file system of our own, and folders that may not be written in: the
# message names the file and the reason, old files stay whole, no temporary file stays, and --resume ends in the same bits.
if [ "${1:-}" != inside ]; then
    for flags in -m -rm; do # by root, or in a name space of our own
        unshare $flags mount -t tmpfs -o size=1m none /mnt 2> /dev/null && exec unshare $flags bash "$0" inside
    done
    echo "no file system can be mounted here: skipped"
    exit 77
fi
. "$(dirname "$0")/lib.sh"
small_recipe
pages() { echo $((($(wc -c < "$1") + 4095) / 4096)); }
disk() { mount -t tmpfs -o "size=$1" none disk; }
train="$RONDO train small.yaml --set train.evaluate_every=10 --quiet"
mkdir disk
expect 0 '' $train --out whole
model=$(pages whole/model.safetensors) last=$(pages whole/last.safetensors)
small=$(($(pages whole/metrics.jsonl) + $(pages whole/recipe.yaml)))

same_models() { # the same files, with the same bits
    [ "$(cd "$1" && cksum *.safetensors 2> /dev/null)" = "$(cd "$2" && cksum *.safetensors 2> /dev/null)" ]
}
full() { # full FILE PAGES: a run on a disk of so many pages fails when it writes FILE; with room it goes on
    disk $(($2 * 4096))
    expect 1 "disk/run/$1: cannot.*: No space left on device" $train --out disk/run
    check "no temporary file stays ($1)" sh -c '! ls -A disk/run | grep -q tmp'
    for name in model last; do
        [ ! -e disk/run/$name.safetensors ] || expect 0 '' "$RONDO" info disk/run/$name.safetensors
    done
    cp -r disk/run kept
    expect 1 "disk/run/.*: No space left on device" $train --out disk/run --resume
    check "a second failure spoils nothing ($1)" same_models kept disk/run
    mount -o remount,size=8m disk
    expect 0 '' $train --out disk/run --resume
    check "the model has the bits of a run that had room ($1)" cmp whole/model.safetensors disk/run/model.safetensors
    check "as many lines of metrics ($1)" test "$(wc -l < whole/metrics.jsonl)" -eq "$(wc -l < disk/run/metrics.jsonl)"
    rm -rf kept
    umount disk
}
full metrics.jsonl $(pages whole/recipe.yaml)
full model.safetensors $((small + model - 1))           # of the first evaluation
full last.safetensors $((small + model + last - 1))     # of the first evaluation
full model.safetensors $((small + model + last + 1))    # of the second one
full last.safetensors $((small + model + 2 * last - 1)) # of the second one

# folders and files that may not be written or read, as someone who is not root
mkdir shut
cp "$RONDO" rondo
cp whole/model.safetensors shut/secret.safetensors
chmod 755 . && chmod 644 text.txt small.yaml && chmod 555 shut && chmod 000 shut/secret.safetensors
nobody() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
if nobody ./rondo --version > /dev/null 2>&1 && ! nobody test -w shut; then
    expect 1 "shut/run: .*Permission denied" nobody ./rondo train small.yaml --out shut/run
    expect 1 "shut.*Permission denied" nobody ./rondo train small.yaml --out shut
    expect 2 "shut/secret.safetensors: .*Permission denied" nobody ./rondo info shut/secret.safetensors
    chmod 000 text.txt
    expect 2 "text.txt: .*Permission denied" nobody ./rondo eval whole/model.safetensors --data text.txt
    check "nothing was left in the folder" test "$(ls shut)" = secret.safetensors
else
    echo "no other user can be had here: the folders that may not be written are left out"
fi
chmod 755 shut
finish
