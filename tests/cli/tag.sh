# The whole way of a tagger: train, info, eval, tag lines and CoNLL-U; the same bits each time; wrong files.
. "$(dirname "$0")/lib.sh"
small_tags
expect 0 '' "$RONDO" train tags.yaml --out one --threads 1
check "the data are told" grep -q '^training: .* sentences, .* words' err
check "speed counts words" grep -q 'words/s' err
check "the table of the best evaluation" grep -q 'NOUN' err
expect 0 '' "$RONDO" train tags.yaml --out two --threads 2 --quiet
check "same bits with 2 threads" cmp one/model.safetensors two/model.safetensors
model=one/model.safetensors
expect 0 '' "$RONDO" info $model
check "info names the labels" grep -qE '^labels +[0-9]' out
expect 0 '' "$RONDO" eval $model --data dev.conllu --json
check "eval is the best evaluation" grep -q "$(sed -E 's/.*("accuracy": [0-9.]{6}).*/\1/' <(grep '"best": true' one/metrics.jsonl | tail -n 1))" out
expect 0 '' "$RONDO" eval $model --data dev.conllu
check "eval shows each tag" grep -q 'NOUN' out
expect 0 '' "$RONDO" eval $model --data dev.conllu dev.conllu --threads 2

# lines
awk -F'\t' '/^[0-9]+\t/ {printf "%s%s", n++ ? " " : "", $2} /^$/ {print ""; n = 0}' dev.conllu > dev.txt
"$RONDO" tag $model dev.txt > tagged 2> err || note_failure "tag: $(cat err)"
check "a line for each word, a blank line for each sentence" [ "$(wc -l < tagged)" -eq "$(($(wc -w < dev.txt) + $(wc -l < dev.txt)))" ]
check "word, tab, tag" [ "$(grep -vcE '^([^	]+	[A-Z]+)?$' tagged)" -eq 0 ]
check "stdin gives the same" cmp tagged <("$RONDO" tag $model < dev.txt)
check "one by one gives the same" cmp tagged <(head -n 8 dev.txt | while IFS= read -r l; do "$RONDO" tag $model <<< "$l"; done; tail -n +9 dev.txt | "$RONDO" tag $model --threads 1)
"$RONDO" tag $model dev.txt --inline > inline
check "a line for each line" [ "$(wc -l < inline)" -eq "$(wc -l < dev.txt)" ]
check "word_TAG" cmp <(tr ' ' '\n' < inline) <(grep . tagged | tr '\t' '_')
"$RONDO" tag $model dev.txt --json --probabilities > json
check "JSON lines" [ "$(grep -cE '^\{"words": \[".*"tags": \[".*"probabilities": \[[0-9]' json)" -eq "$(wc -l < dev.txt)" ]
check "probabilities stand behind" grep -qE '^[a-z]+	[A-Z]+	[01]\.[0-9]{6}$' <("$RONDO" tag $model few.txt --probabilities)
check "an empty line is an empty sentence" [ "$(printf '\n  \n' | "$RONDO" tag $model | wc -l)" -eq 2 ]
check "nothing in, nothing out" [ "$("$RONDO" tag $model < /dev/null | wc -c)" -eq 0 ]
check "CRLF is a line end" cmp <("$RONDO" tag $model few.txt) <(sed 's/$/\r/' few.txt | "$RONDO" tag $model)

# CoNLL-U
"$RONDO" tag $model dev.conllu > out.conllu 2> err || note_failure "tag dev.conllu: $(cat err)"
check "only the tags differ" cmp <(cut -f 1-3,5- dev.conllu) <(cut -f 1-3,5- out.conllu)
check "the tags are those of the lines" cmp <(grep -P '^[0-9]+\t' out.conllu | cut -f 4) <(grep . tagged | cut -f 2)
check "stdin with --conllu" cmp out.conllu <("$RONDO" tag $model --conllu < dev.conllu)
check "eval of what it wrote is perfect" grep -q '"accuracy": 1,' <("$RONDO" eval $model --data out.conllu --json)
gzip -k dev.conllu
check ".gz is unpacked" cmp out.conllu <("$RONDO" tag $model dev.conllu.gz)

# a CRF, spans, two columns
awk -F'\t' '/^[0-9]+\t/ {print $2, ($4 == "NOUN" ? "B-N" : "O")} /^$/' tags.conllu > spans.txt
expect 0 '' "$RONDO" train tags.yaml --out crf --quiet --set data.train=spans.txt --set data.valid=spans.txt --set model.crf=true --set train.metric=span_f1
check "spans are scored" grep -q '"span_f1": ' crf/metrics.jsonl
check "a CRF says how sure it is" grep -qE '	[01]\.[0-9]{6}$' <("$RONDO" tag crf/model.safetensors few.txt --probabilities)

# what is wrong
expect 2 "goes with neither" "$RONDO" tag $model few.txt --inline --json
expect 2 "comes out as CoNLL-U" "$RONDO" tag $model dev.conllu --json
expect 2 "nowhere.txt" "$RONDO" tag $model nowhere.txt
expect 2 "nowhere.conllu" "$RONDO" tag $model nowhere.conllu
printf 'a\nb \xff\n' > latin.txt
expect 2 "latin.txt: line 2: word 2 is not UTF-8" "$RONDO" tag $model latin.txt
printf 'a\n\0\n' > nul.txt
expect 2 "nul.txt: line 2: .*NUL" "$RONDO" tag $model nul.txt
printf '1\ta\n' > short.conllu
expect 2 "short.conllu:1: 2 columns between tabs \(CoNLL-U has 10\)" "$RONDO" tag $model short.conllu
expect 2 "short.conllu:1: 2 columns" "$RONDO" eval $model --data short.conllu
expect 2 "short.conllu:1: 2 columns" "$RONDO" train tags.yaml --out no --set data.train=short.conllu
expect 2 "data.tag_column: data.tag_column is 'upos', but columns have names only" "$RONDO" train tags.yaml --out no --set data.train=spans.txt --set data.tag_column=upos
printf 'a N\nb\n' > ragged.txt
expect 2 "ragged.txt:2: 1 column where the first line has 2" "$RONDO" train tags.yaml --out no --set data.train=ragged.txt
printf 'a\nb\n' > bare.txt
expect 2 "bare.txt:1: 1 column, but 2 are needed" "$RONDO" train tags.yaml --out no --set data.train=bare.txt
printf 'a STRANGE\n' > strange.txt
expect 2 "strange.txt: none of its tags is in the training data" "$RONDO" train tags.yaml --out no --set data.valid=strange.txt
expect 2 "mark no spans" "$RONDO" train tags.yaml --out no --set train.metric=span_f1
expect 2 "does not go with model.crf" "$RONDO" train tags.yaml --out no --set model.crf=true --set train.label_smoothing=0.1
check "nothing is left behind" [ ! -e no/model.safetensors ]

# a tag that training never showed: counted as wrong, and said
cat dev.conllu > more.conllu
printf '1\tcat\t_\tNEVER\t_\t_\t0\troot\t_\t_\n\n' >> more.conllu
expect 0 '' "$RONDO" train tags.yaml --out more --set data.valid=more.conllu
check "training says so" grep -q '^validation: 1 words have a tag that training never shows (the first in line' err
expect 0 '' "$RONDO" eval $model --data more.conllu
check "eval counts it" grep -qE '^unseen_tags +1$' out
check "and says so" grep -q '^1 words have a tag that training never showed' out
expect 0 '' "$RONDO" train tags.yaml --out blank --set data.tag_column=xpos --set train.max_steps=1
check "a column without tags is told of" grep -q '^all words have the same tag (is data.tag_column right?)$' err
small_recipe
"$RONDO" train small.yaml --out text --quiet --set train.max_steps=1
expect 2 "text/model.safetensors: only a tagger labels words" "$RONDO" tag text/model.safetensors few.txt
finish
