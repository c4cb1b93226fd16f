# Recordings and lists as they come, through training, eval, classify and transcribe: a clear line, or a stated choice.
. "$(dirname "$0")/lib.sh"
"$RONDO" --version | grep -q 'optional parts:.*json' || exit 77
small_sounds
sed -i 's/epochs: 12/epochs: 1, max_steps: 3/' sounds.yaml
expect 0 '' "$RONDO" train sounds.yaml --out words --quiet
grep -q "built without\|lacks" err && exit 77
sed 's/classify/transcribe/' sounds.yaml > letters.yaml
expect 0 '' "$RONDO" train letters.yaml --out letters --quiet
words=words/model.safetensors letters=letters/model.safetensors

# write_wav FILE FORMAT CHANNELS RATE BITS FRAMES SAMPLE [BYTES]: one sample, over and over; BYTES: what the header promises
write_wav() {
    local row=$(($3 * $5 / 8)) bytes=$(($6 * $3 * $5 / 8)) sample=
    for ((i = 0; i < $3; i++)); do sample+=$7; done
    {
        printf RIFF; little $((36 + bytes)); printf 'WAVEfmt '; little 16
        little $(($2 + $3 * 65536)); little "$4"; little $(($4 * row)); little $((row + $5 * 65536))
        printf data; little "${8:-$bytes}"
        for ((i = 0; i < $6; i++)); do printf "$sample"; done
    } > "$1"
}
heard() { # heard FILE: every command takes it
    expect 0 '' "$RONDO" classify $words "$1"
    check "$1 has a label" grep -qP "^$1\t(low|high|zoom)\t[01]\.[0-9]+$" out
    expect 0 '' "$RONDO" classify $words "$1" --stream
    expect 0 '' "$RONDO" transcribe $letters "$1"
    printf '%s\tlow\nsounds/dev/high_ann_6.wav\thigh\n' "$1" > heard.tsv
    expect 0 '' "$RONDO" eval $words --data heard.tsv
    expect 0 '' "$RONDO" train sounds.yaml --out heard --quiet --set data.train=heard.tsv --set data.valid=heard.tsv
    rm -rf heard
}
refused() { # refused PATTERN FILE: no command does, and each says why
    expect 2 "$2: $1" "$RONDO" classify $words "$2"
    expect 2 "$2: $1" "$RONDO" classify $words "$2" --stream
    expect 2 "$2: $1" "$RONDO" transcribe $letters "$2"
    printf '%s\tlow\nsounds/dev/high_ann_6.wav\thigh\n' "$2" > refused.tsv
    expect 2 "$2: $1" "$RONDO" eval $words --data refused.tsv
    expect 2 "$2: $1" "$RONDO" train sounds.yaml --out never --set data.train=refused.tsv --set data.valid=refused.tsv
    [ -e never ] && note_failure "$2 left a folder behind"
}

write_wav bits24.wav 1 1 8000 24 400 '\0\0\100'
write_wav float32.wav 3 1 8000 32 400 '\0\0\0\77'
write_wav float64.wav 3 1 8000 64 200 '\0\0\0\0\0\0\340\77'
write_wav eight.wav 1 8 16000 16 800 '\0\100'
write_wav fast.wav 1 1 192000 16 9600 '\0\100'
write_wav both.wav 1 8 192000 24 4800 '\0\0\100'
write_wav zero.wav 1 1 8000 16 0 ''
write_wav single.wav 1 1 8000 16 1 '\0\100'
write_wav streamed.wav 1 1 8000 16 400 '\0\100' $((0xffffffff)) # a writer that could not know
for file in bits24 float32 float64 eight fast both zero single streamed; do heard $file.wav; done
printf 'zero.wav\tl\nsounds/dev/low_ann_6.wav\tlow\n' > zero.tsv
expect 0 '' "$RONDO" train letters.yaml --out told --set data.train=zero.tsv --set data.valid=zero.tsv
check "a recording without samples is told of" grep -q '1 of them are empty and count as one frame of zeros' err

write_wav still.wav 1 1 0 16 400 '\0\100'
refused 'its rate is 0 Hz' still.wav
write_wav slow.wav 1 1 1 16 400 '\0\100'
expect 2 'slow.wav: from 1 to 8000 Hz: cannot resample' "$RONDO" classify $words slow.wav
write_wav promises.wav 1 1 8000 16 400 '\0\100' 90000
refused 'its header promises 90000 bytes of samples, but 800 are there' promises.wav
head -c 500 bits24.wav > cut.wav
refused 'its header promises 1200 bytes of samples, but 456 are there' cut.wav
write_wav none.wav 1 0 8000 16 400 '\0\100'
refused 'not a sound file that can be read' none.wav
write_wav nan.wav 3 1 8000 32 400 '\0\0\300\177'
refused 'sample 0 is nan' nan.wav
write_wav inf.wav 3 1 8000 32 400 '\0\0\200\177'
refused 'sample 0 is inf' inf.wav
write_wav loud.wav 3 1 8000 32 400 '\0\0\0\177'
refused 'sample 0 is 1.7.*e\+38' loud.wav
: > empty.wav
refused 'the file is empty' empty.wav
head -c 900 "$RONDO_TOP/README.md" > text.wav
refused 'not a sound file' text.wav

# lists
list() { # list PATTERN ROWS: as training and as evaluation data
    printf "$2" > bad.tsv
    expect 2 "$1" "$RONDO" train sounds.yaml --out never --set data.train=bad.tsv
    expect 2 "$1" "$RONDO" train letters.yaml --out never --set data.train=bad.tsv
    expect 2 "$1" "$RONDO" eval $words --data bad.tsv
    [ -e never ] && note_failure "refused list left a folder behind: $1"
}
list "bad.tsv:2: the file 'sounds/lost.wav' is missing" 'sounds/dev/low_ann_6.wav\tlow\nsounds/lost.wav\thigh\n'
list 'bad.tsv:2: the row has no label' 'sounds/dev/low_ann_6.wav\tlow\nsounds/dev/high_ann_6.wav\n'
list 'bad.tsv:3: 2 cells, the first row has 3' 'path\tlabel\tspeaker\nsounds/dev/low_ann_6.wav\tlow\tann\nsounds/dev/high_ann_6.wav\thigh\n'
list 'bad.tsv: there are no examples' 'path\tlabel\n'
printf 'path\ttext\r\nsounds/dev/low_ann_6.wav\tlow\r\nsounds/dev/high_ann_6.wav\thigh\r\n' > said.tsv
expect 0 '' "$RONDO" eval $letters --data said.tsv
check "a header, CRLF, and what is said" grep -qE '^recordings +2$' out

# a label that training never saw
printf 'sounds/dev/low_ann_6.wav\tlow\nsounds/dev/zoom_ann_6.wav\tbuzz\n' > unseen.tsv
expect 2 "unseen.tsv:2: the label 'buzz' was never seen in training" "$RONDO" eval $words --data unseen.tsv
expect 2 "unseen.tsv:2: the label 'buzz' was never seen in training" "$RONDO" train sounds.yaml --out never --set data.valid=unseen.tsv
printf 'sounds/dev/low_ann_6.wav\tquiz\n' > foreign.tsv
expect 2 'foreign.tsv: no recording for validation has a loss: 1 of 1 have a symbol' "$RONDO" train letters.yaml --out never --set data.valid=foreign.tsv
expect 2 'foreign.tsv: no recording has a loss' "$RONDO" eval $letters --data foreign.tsv
expect 2 "all examples have the label 'low'" "$RONDO" train sounds.yaml --out never --set data.where=label=low
[ -e never ] && note_failure "refused labels left a folder behind"

# a pattern that YAML takes for a mapping
expect 2 'begins with \{ stands between quotes' "$RONDO" train sounds.yaml --out never --set 'data.pattern={label}_{index}'
finish
