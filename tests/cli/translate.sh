# The whole way of an encoder-decoder: train, info, eval, translate, average, compare; the same bits each time.
. "$(dirname "$0")/lib.sh"
small_pairs
expect 0 '' "$RONDO" train pairs.yaml --out one --threads 1
check "one line per evaluation, with BLEU" grep -q '^epoch 1/.*valid .*BLEU' err
check "speed counts tokens" grep -q 'tokens/s' err
expect 0 '' "$RONDO" train pairs.yaml --out two --threads 2 --quiet
check "same bits with 2 threads" cmp one/model.safetensors two/model.safetensors
model=one/model.safetensors
expect 0 '' "$RONDO" info $model
check "info names both vocabularies" grep -q 'target_vocabulary_size' out
check "info names the attention" grep -q '^attention *general' out
cp one/recipe.yaml again.yaml
expect 0 '' "$RONDO" train again.yaml --out again --quiet
check "recipe.yaml as run gives the same model" cmp $model again/model.safetensors

# lines
"$RONDO" translate $model dev.ja > greedy 2> err || note_failure "translate: $(cat err)"
check "a line for each line" [ "$(wc -l < greedy)" -eq "$(wc -l < dev.ja)" ]
check "stdin gives the same" cmp greedy <("$RONDO" translate $model < dev.ja)
check "a batch of 1 gives the same" cmp greedy <("$RONDO" translate $model dev.ja --batch 1)
check "one by one gives the same" cmp greedy <(while IFS= read -r l; do "$RONDO" translate $model <<< "$l"; done < dev.ja)
check "1 thread gives the same" cmp greedy <("$RONDO" translate $model dev.ja --threads 1)
"$RONDO" translate $model dev.ja --time > timed 2> err
check "--time says lines and seconds" grep -qE "^$(wc -l < dev.ja) lines in [0-9.]+ s, [0-9.]+ lines/s; model opened in [0-9.]+ s$" err
check "--time changes no line" cmp greedy timed
check "a line end is not needed" cmp <(head -n 1 greedy) <(head -n 1 dev.ja | tr -d '\n' | "$RONDO" translate $model)
check "CRLF is a line end" cmp <(head -n 2 greedy) <(head -n 2 dev.ja | sed 's/$/\r/' | "$RONDO" translate $model)
check "a byte order mark is no part of the first line" cmp greedy <(printf '\xEF\xBB\xBF' | cat - dev.ja | "$RONDO" translate $model)
printf '\n%s\n\n   \n' "$(head -n 1 dev.ja)" | "$RONDO" translate $model --beam 3 > blank
check "empty lines give empty lines" [ "$(grep -c '^$' blank)" -eq 3 ]
check "nothing in, nothing out" [ "$("$RONDO" translate $model < /dev/null | wc -c)" -eq 0 ]
head -n 1 dev.ja | tr '\n' ' ' > long
for i in 1 2 3 4 5 6; do cat long long > longer; mv longer long; done
echo >> long
check "a long line is translated in full" [ "$("$RONDO" translate $model long --max-length 400 | wc -l)" -eq 1 ]
# a line comes out before the next one goes in
mkfifo in
"$RONDO" translate $model < in > answers &
exec 3> in
head -n 1 dev.ja >&3
for i in $(seq 100); do [ -s answers ] && break; sleep 0.1; done
check "the first answer comes while the pipe is open" cmp answers <(head -n 1 greedy)
exec 3>&-
wait

# a terminal asks, and goes on after a line that is wrong
if command -v script > /dev/null; then
    printf 'a\xff\n%s\n' "$(head -n 1 dev.ja)" | script -qec "$RONDO translate $model" /dev/null | tr -d '\r' > session
    check "the wrong line is named" grep -q 'stdin: line 1: .*UTF-8' session
    check "the next one is translated" grep -qxF -e "$(head -n 1 greedy)" -e "> $(head -n 1 greedy)" session
fi

# search
"$RONDO" translate $model dev.ja --beam 4 --nbest 3 --length-penalty 1 > nbest
check "n-best is LINE ||| TEXT ||| SCORE" [ "$(grep -cE '^[0-9]+ \|\|\| .* \|\|\| -[0-9.]+$' nbest)" -ge "$(wc -l < dev.ja)" ]
check "one seed, one sample" cmp <("$RONDO" translate $model dev.ja --sample --seed 4) <("$RONDO" translate $model dev.ja --sample --seed 4 --batch 3)
check "a prefix leads" [ "$("$RONDO" translate $model dev.ja --prefix 'the' | grep -c '^the')" -eq "$(wc -l < dev.ja)" ]
check "an ensemble writes" [ "$("$RONDO" translate $model dev.ja --ensemble two/last.safetensors | wc -l)" -eq "$(wc -l < dev.ja)" ]
expect 0 '' "$RONDO" translate $model few.ja --attention look.npy
check "attention of two lines" [ -s look.npy -a -s look-2.npy ]
if "$RONDO" --version | grep -q cairo; then
    expect 0 '' "$RONDO" translate $model few.ja --attention look.svg
    check "a picture" grep -q '<svg' look.svg
fi
expect 2 "must end in .png, .svg or .npy" "$RONDO" translate $model few.ja --attention look.jpg
expect 2 "nbest" "$RONDO" translate $model few.ja --nbest 5 --beam 2
expect 2 "give --sample" "$RONDO" translate $model few.ja --top-k 5
expect 2 "exclude each other" "$RONDO" translate $model few.ja --sample --beam 2
expect 2 "min-length 5 is above --max-length 3" "$RONDO" translate $model few.ja --min-length 5 --max-length 3
expect 2 "the prefix: .*UTF-8" "$RONDO" translate $model few.ja --prefix $'\xff'
expect 2 "the prefix holds a line end" "$RONDO" translate $model few.ja --prefix $'a\nb'
check "words of a prefix that the vocabulary lacks stay as given" [ "$("$RONDO" translate $model few.ja --prefix 'zzz qqq' | grep -c '^zzz qqq')" -eq 2 ]
expect 2 "nowhere.txt" "$RONDO" translate $model nowhere.txt
expect 2 "nothing.safetensors" "$RONDO" translate $model few.ja --ensemble nothing.safetensors
printf 'a\nb\0c\n' > nul.txt
expect 2 "nul.txt: line 2: .*NUL" "$RONDO" translate $model nul.txt
printf 'a\n\xff\xfe\n' > latin.txt
expect 2 "latin.txt: line 2: .*UTF-8" "$RONDO" translate $model latin.txt

# eval
expect 0 '' "$RONDO" eval $model --data dev.ja dev.en --bleu-tokenize none
for word in loss perplexity accuracy bleu chrf ter 'signature: nrefs:1' 'source symbols'; do
    check "eval prints $word" grep -q "$word" out
done
expect 0 '' "$RONDO" eval $model --data dev.ja dev.en --json --beam 2
check "eval --json is one object" sh -c 'python3 -m json.tool < out'
if "$RONDO" --version | grep -q cairo; then
    expect 0 '' "$RONDO" eval $model --data dev.ja dev.en --plot bars.svg
    check "the bars" grep -q '<svg' bars.svg
fi
expect 0 '' "$RONDO" eval $model two/last.safetensors --data dev.ja dev.en
check "two models are compared" grep -q 'paired bootstrap' out
expect 0 '' "$RONDO" eval $model two/last.safetensors --data dev.ja dev.en --json
check "two models as one object" sh -c 'python3 -m json.tool < out'
expect 2 "must end in .png or .svg" "$RONDO" eval $model --data dev.ja dev.en --plot bars.jpg
check "a picture of no kind is refused before anything is measured" [ ! -s out ]
expect 2 "ja-mecab" "$RONDO" eval $model --data dev.ja dev.en --bleu-tokenize ja-mecab
expect 2 "two files" "$RONDO" eval $model --data dev.ja
printf '\n' > nothing.en
expect 2 "no pair is left of 1 \(each has an empty side\)" "$RONDO" eval $model --data <(head -n 1 dev.ja) nothing.en
expect 2 "has [0-9]+ lines" "$RONDO" eval $model --data dev.ja few.ja

# other tokenizers count other symbols: each model has its own table
sed 's/{type: word, min_count: 2}/char/' pairs.yaml > char.yaml
expect 0 '' "$RONDO" train char.yaml --out char --quiet --set train.max_steps=2
expect 0 '' "$RONDO" eval $model char/model.safetensors --data dev.ja dev.en
check "two tables of BLEU by length" [ "$(grep -c '^source symbols' out)" -eq 2 ]
if "$RONDO" --version | grep -q cairo; then
    expect 2 "one at a time" "$RONDO" eval $model char/model.safetensors --data dev.ja dev.en --plot bars.svg
fi
expect 2 "another source vocabulary" "$RONDO" translate $model few.ja --ensemble char/model.safetensors

# averages
expect 0 '' "$RONDO" train pairs.yaml --out kept --quiet --set train.keep=2 --set train.evaluate_every=8
check "two models are kept" [ "$(ls kept/step-*.safetensors | wc -l)" -eq 2 ]
expect 0 '' "$RONDO" average kept/step-*.safetensors --to kept/average.safetensors
expect 0 '' "$RONDO" translate kept/average.safetensors few.ja
expect 2 "give --to" "$RONDO" average kept/last.safetensors
expect 2 "few.ja" "$RONDO" average kept/last.safetensors few.ja --to x.safetensors
[ -e x.safetensors ] && note_failure "a refused average left a file behind"

# spelling to pronunciation
for i in 0 1 2 3 4 5 6 7 8 9; do echo "ab$(printf %b "\\x6$i") A$((i % 2)) B C$i"; done > words.dict
echo 'abc(2) X Y' >> words.dict
sed -E '/^data:/,/^model:/{/^(data|model):/!d}; s/^data:/data: {format: dictionary, train: words.dict, valid: words.dict}/' pairs.yaml > g2p.yaml
expect 0 '' "$RONDO" train g2p.yaml --out g2p
check "word errors in the line of an evaluation" grep -q 'word errors' err
expect 0 '' "$RONDO" eval g2p/model.safetensors --data words.dict --beam 3
check "eval prints word_error_rate" grep -q word_error_rate out
check "a word is spelled" cmp <(echo abc | "$RONDO" translate g2p/model.safetensors) <(echo 'a b c' | "$RONDO" translate g2p/model.safetensors)

# a language model does not translate, and the other way round
small_recipe
"$RONDO" train small.yaml --out lm --quiet
expect 2 "only an encoder-decoder" "$RONDO" translate lm/model.safetensors few.ja
expect 2 "only a language model" "$RONDO" generate $model
expect 2 "for models that translate" "$RONDO" eval lm/model.safetensors --data text.txt --beam 3
expect 2 "both translate" "$RONDO" eval lm/model.safetensors $model --data text.txt
finish
