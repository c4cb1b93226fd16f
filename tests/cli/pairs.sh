# The demo's parallel corpus (scripts/demo-pairs): as large as promised, clean, and nothing of dev is in train.
. "$(dirname "$0")/lib.sh"
if ! command -v python3 > /dev/null; then
    echo "python3 is not installed: skipped"
    exit 77
fi
pairs=$RONDO_TOP/scripts/demo-pairs
check "it writes" "$pairs" one
for part in train dev; do
    check "$part: both sides have as many lines" test "$(wc -l < one/$part.ja)" = "$(wc -l < one/$part.en)"
done
check "train is large" test "$(wc -l < one/train.ja)" -ge 20000
check "dev has 500 pairs" test "$(wc -l < one/dev.ja)" = 500
check "every Japanese sentence is there once" test -z "$(cat one/*.ja | sort | uniq -d)"

# shares A B: a line that both files have
shares() { comm -12 <(LC_ALL=C sort -u "$1") <(LC_ALL=C sort -u "$2") | grep -q .; }
for side in ja en; do
    export LC_ALL=C
    checks=$((checks + 1))
    shares one/train.$side one/dev.$side && note_failure "train.$side and dev.$side share a sentence"
    unset LC_ALL
done

# the sentence of the demo is new to the model; what it is made of is not
for part in train dev; do
    checks=$((checks + 2))
    grep -qxF '私はロボットです' one/$part.ja && note_failure "$part.ja has the held-out sentence"
    grep -qxF 'I am a robot' one/$part.en && note_failure "$part.en has the held-out sentence"
done
paste one/train.ja one/train.en > train.tsv
for pair in '彼はロボットです:He is a robot' '私は先生です:I am a teacher' 'あなたはロボットですか:Are you a robot?'; do
    check "train has $pair" grep -qxF "${pair%%:*}	${pair#*:}" train.tsv
done

check "the encoding and the letters are right" python3 - << 'PYTHON'
import re
for part in ("train", "dev"):
    for line in open(f"one/{part}.ja", encoding="utf-8", newline="\n"):
        assert re.fullmatch(r"[\u3041-\u30ff\u4e00-\u9fff]+\n", line), line
    for line in open(f"one/{part}.en", encoding="ascii", newline="\n"):
        assert re.fullmatch(r"[A-Z][A-Za-z']*( [A-Za-z']+)*\??\n", line), line
PYTHON

# the same bytes on every machine
check "the files are what they always were" sha256sum --check --strict - << 'SUMS'
68d7fe57575fa44732a04481a51ce1401857ccc51f08a536a912c5b764faa5f7  one/train.ja
03a1e10608ae9b3347adf7fc1d49e51762cdca1b4c204a83390154598e8eafc0  one/train.en
ad0896f525ca2258ac2e7372605584a7991455c3c1305b967935b0c00684c057  one/dev.ja
55b471fc3f5dd70ca122fdccc1333390f89c94ce2fc38594c700452e833f9a93  one/dev.en
SUMS
check "another seed" "$pairs" two 2
check "gives other sentences" test "$(cmp -s one/train.ja two/train.ja; echo $?)" = 1
checks=$((checks + 1))
"$pairs" > out 2> err && note_failure "it ran without a folder"
finish
