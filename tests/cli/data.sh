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
finish
