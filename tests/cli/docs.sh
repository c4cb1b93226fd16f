# Every `rondo ...` line in a sh block of README.md and docs/*.md, and every example of --help, runs as it stands - on small
# data of the same names, and with training cut short.
. "$(dirname "$0")/lib.sh"
mkdir -p data/tinyshakespeare data/wikitext2
"$RONDO_TOP/scripts/demo-corpus" 1500 > data/tinyshakespeare/train.txt
"$RONDO_TOP/scripts/demo-corpus" 600 5 > data/wikitext2/train.txt
"$RONDO_TOP/scripts/demo-corpus" 100 6 > data/wikitext2/valid.txt
cp data/wikitext2/valid.txt other.txt
cp -r "$RONDO_TOP/recipes" .
export RONDO_DATA=$work/data
mkdir bin
ln -s "$RONDO" bin/rondo
PATH=$work/bin:$PATH
short="--set train.max_steps=3 --set train.batch_size=4 --set train.steps_per_sequence=16 --set train.schedule.warmup_steps=1"
short="$short --set model.embedding_size=8 --quiet"
{
    for page in "$RONDO_TOP"/README.md "$RONDO_TOP"/docs/*.md; do
        sed -n '/^```sh$/,/^```$/p' "$page" | grep -E '^(RONDO_[A-Z]+=[^ ]+ )?rondo ' || true
    done
    for command in train eval generate info bench; do
        rondo $command --help | sed -n '/^example:/,/^$/p' | grep -E '^ +(RONDO_[A-Z]+=[^ ]+ )?rondo ' || true
    done
} > lines
[ "$(wc -l < lines)" -ge 8 ] || note_failure "only $(wc -l < lines) examples were found"
while read -r line; do
    checks=$((checks + 1))
    case $line in
    *"rondo train"*) line="$line $short --set model.hidden_size=12" ;;
    *"rondo bench"*) line="$line --seconds 0.05" ;;
    esac
    # an example may name a run that an earlier one made
    case $line in *" --out "*) out=$(sed -E 's/.* --out ([^ ]+).*/\1/' <<< "$line"); case $line in *--resume*) ;; *) rm -rf "$out" ;; esac ;; esac
    timeout 100 bash -c "$line" > out 2> err < /dev/null || note_failure "$line: $(head -c 300 err)"
done < lines
finish
