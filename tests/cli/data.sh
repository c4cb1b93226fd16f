# Wrong data files: each gets its line, nothing is left behind.
. "$(dirname "$0")/lib.sh"
small_recipe
wrong() { # wrong PATTERN: text.txt has been spoilt
    expect 2 "$1" "$RONDO" train small.yaml --out never
    [ -e never ] && note_failure "refused data left a folder behind: $1"
}
cp text.txt whole.txt
: > text.txt
wrong "text.txt.*empty"
head -c 20000 /dev/urandom > text.txt
wrong "text.txt"
{ head -c 5000 whole.txt; printf '\xff\xfe'; tail -c 5000 whole.txt; } > text.txt
wrong "text.txt.*5000.*UTF-8"
{ head -c 5000 whole.txt; printf '\0'; tail -c 5000 whole.txt; } > text.txt
wrong "text.txt"
echo "too short" > text.txt
wrong "text.txt|short"
rm text.txt
wrong "text.txt"
mkdir text.txt
wrong "text.txt"
rmdir text.txt
# lines of length zero are text like any other
sed 's/$/\n\n/' whole.txt > text.txt
expect 0 '' "$RONDO" train small.yaml --out zero --quiet
# a gzip file by its name
gzip -c whole.txt > text.txt.gz
rm text.txt
expect 0 '' "$RONDO" train small.yaml --out gz --quiet
head -c 2000 text.txt.gz > cut.gz
mv cut.gz text.txt.gz
wrong "text.txt.gz"

# where data are looked for: beside the recipe, then in data.folder, then in $RONDO_DATA; .gz each time
mkdir far near
cp whole.txt near/text.txt
gzip -c whole.txt > packed.gz
cp small.yaml far/r.yaml
rm text.txt.gz
trained() { # trained NAME COMMAND...: the training succeeds and gives the model of the first one
    local name=$1
    shift
    expect 0 '' "$@" --out $name --quiet
    check "the model of $name is that of the same text elsewhere" cmp first/model.safetensors $name/model.safetensors
}
cp whole.txt text.txt
expect 0 '' "$RONDO" train small.yaml --out first --quiet
rm text.txt
expect 2 "far/r.yaml:3: .*'text.txt' was not found at far/text.txt, also not with .gz.*RONDO_DATA is not set" \
    "$RONDO" train far/r.yaml --out never
expect 2 "far/r.yaml:3: .*'text.txt' was not found at far/text.txt, $PWD/near/x/text.txt, also not with .gz" \
    env RONDO_DATA="$PWD/near/x" "$RONDO" train far/r.yaml --out never
expect 2 "at far/text.txt, far/../y/text.txt, x/text.txt, also" \
    env RONDO_DATA=x "$RONDO" train far/r.yaml --set data.folder=../y --out never
trained by_data env RONDO_DATA="$PWD/near" "$RONDO" train far/r.yaml
trained by_folder "$RONDO" train far/r.yaml --set data.folder=../near
cp packed.gz near/text.txt.gz
mv near/text.txt near/plain.txt
trained by_data_gz env RONDO_DATA=near "$RONDO" train far/r.yaml
echo "the wrong text" > near/text.txt
cp packed.gz far/text.txt.gz # beside the recipe comes first, even packed
trained beside env RONDO_DATA=near "$RONDO" train far/r.yaml
rm far/text.txt.gz
sed -i "s|train: text.txt|train: $PWD/near/plain.txt|" far/r.yaml
expect 0 '' env RONDO_DATA=far "$RONDO" train far/r.yaml --out absolute --quiet
sed -i "s|near/plain.txt|near/none.txt|" far/r.yaml
expect 2 "far/r.yaml:3: .* was not found at $PWD/near/none.txt, also not with .gz.*check the path" \
    env RONDO_DATA=near "$RONDO" train far/r.yaml --out never
expect 2 "near/nothing.txt" "$RONDO" eval first/model.safetensors --data near/nothing.txt
# recipe.yaml as run finds its data from anywhere, goes on with its run, and gives the same bits
mv whole.txt text.txt
mkdir elsewhere
cp first/recipe.yaml elsewhere
trained again "$RONDO" train elsewhere/recipe.yaml
trained inside sh -c 'cd elsewhere && exec "$0" train recipe.yaml --out ../inside --quiet' "$RONDO"
trained twice "$RONDO" train inside/recipe.yaml
expect 0 '' "$RONDO" train first/recipe.yaml --out first --resume --quiet
check "no path of this machine is in the model" sh -c '! grep -aqF "$PWD" first/model.safetensors'
[ -e never ] && note_failure "refused data left a folder behind"
# data of eval: as they are named, else below $RONDO_DATA, for every task
mkdir -p home/texts
"$RONDO_TOP/tests/support/sentences" 200 > home/texts/other.txt
RONDO_DATA=home expect 0 '' "$RONDO" eval zero/model.safetensors --data texts/other.txt
expect 2 "texts/other.txt" "$RONDO" eval zero/model.safetensors --data texts/other.txt
finish
