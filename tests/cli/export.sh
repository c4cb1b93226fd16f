# `rondo export`: a trained model as C, which compiles, checks itself and is refused where it cannot be written.
. "$(dirname "$0")/lib.sh"
command -v "${CC:-cc}" > /dev/null || { echo "no C compiler: skipped"; exit 77; }
small_recipe
expect 0 '' "$RONDO" train small.yaml --out run --quiet
for dtype in f32 int8 int16; do
    expect 0 '' "$RONDO" export run/model.safetensors --to net.c --dtype $dtype
    check "$dtype compiles without a warning" "${CC:-cc}" -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -DNET_CHECK net.c -o net -lm
    check "$dtype says what Rondo says" ./net
done
# int8, calibrated: from data, with a report, and from a model file that was calibrated
head -n 40 text.txt > some.txt
expect 0 '' "$RONDO" export run/model.safetensors --to net.c --dtype int8 --calibrate some.txt --percentile 99.9
check "the report says what it costs" grep -q nats_per_symbol out
check "matrices have limits" grep -qE '_hh_limit \(float\)0\.' net.c
check "calibrated int8 compiles" "${CC:-cc}" -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -DNET_CHECK net.c -o net -lm
check "calibrated int8 says what Rondo says" ./net
expect 0 '' "$RONDO" export run/model.safetensors --int8 --to small.safetensors --calibrate some.txt --percentile 99.9
expect 0 '' "$RONDO" export small.safetensors --to small.c --name net --dtype int8
check "a calibrated file's limits" sh -c 'grep _limit.*float net.c > a; grep _limit.*float small.c > b; [ -s a ] && diff a b'
expect 2 'only --dtype int8 is calibrated' "$RONDO" export run/model.safetensors --to bad.c --calibrate some.txt
expect 2 'give --calibrate FILE' "$RONDO" export run/model.safetensors --to bad.c --dtype int8 --data some.txt --percentile 99
expect 2 'all matrices are rounded' "$RONDO" export run/model.safetensors --to bad.c --dtype int8 --keep output
expect 0 '' "$RONDO" export run/model.safetensors --to other.c --name tiny --check-steps 0
check "identifiers begin with the name" grep -q "void tiny_step(tiny_state \*m, int symbol, float \*y);" other.c
check "no test without steps" sh -c '! grep -q TINY_CHECK\$ other.c'
printf '#define TINY_DECLARATIONS\n#include "other.c"\nint main(void) { tiny_state m; tiny_init(&m); return 0; }\n' > user.c
check "a program with it" sh -c '"${CC:-cc}" -std=c99 -Wall -Werror user.c other.c -o user -lm && ./user'
expect 2 'give --to FILE.c or FILE.onnx' "$RONDO" export run/model.safetensors
expect 2 'no format that can be written' "$RONDO" export run/model.safetensors --to net.cpp
expect 2 'C identifier' "$RONDO" export run/model.safetensors --to bad.c --name 'a b'
expect 1 'nowhere' "$RONDO" export run/model.safetensors --to nowhere/net.c
expect 2 'missing.safetensors' "$RONDO" export missing.safetensors --to bad.c
expect 1 'nowhere' "$RONDO" export run/model.safetensors --to nowhere/net.onnx
expect 2 'check-steps is for C files' "$RONDO" export run/model.safetensors --to net.onnx --check-steps 3
expect 2 'dtype is for C files' "$RONDO" export run/model.safetensors --to net.safetensors --dtype f32
expect 2 'external-data is for ONNX' "$RONDO" export run/model.safetensors --to bad.c --external-data
expect 2 'is the model itself' "$RONDO" export run/model.safetensors --to ./run/model.safetensors
expect 0 '' "$RONDO" info run/model.safetensors
expect 0 '' "$RONDO" export run/model.safetensors --to 1.c --check-steps 0
check "a file's name that begins with a digit" grep -q "void m1_init(m1_state" 1.c
expect 2 'is the model itself' "$RONDO" export run/model.safetensors --to ./run/model.safetensors --int8
check 'the model is as it was' "$RONDO" info run/model.safetensors --verify
expect 2 "'_': what begins with _ is the compiler's" "$RONDO" export run/model.safetensors --to bad.c --name _
expect 2 "'rnn.weight_ih_l0' ends within a name" "$RONDO" export run/model.safetensors --to bad.safetensors --prefix rnn.weight_ih_l0
expect 2 'leave --threads out' "$RONDO" export run/model.safetensors --to bad.c --threads 2
expect 2 'export: --threads is of a report, which needs data' "$RONDO" export run/model.safetensors --to bad.safetensors --int8 --threads 2
"$RONDO" info "$(printf 'two\nlines\033[2J.safetensors')" 2> told
check 'an error is one line that steers no terminal' sh -c 'test "$(wc -l < told)" = 1 && grep -q "two?lines?\[2J" told'
expect 2 'prefix is for PyTorch' "$RONDO" export run/model.safetensors --to bad.safetensors --int8 --prefix rnn.

# an encoder-decoder says in C what the command says, from texts to texts
small_pairs
expect 0 '' "$RONDO" train pairs.yaml --out pairs --quiet
expect 0 '' "$RONDO" export pairs/model.safetensors --to pairs.c --name pairs
check "pairs: C says what Rondo says" sh -c '"${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -DPAIRS_CHECK pairs.c -o check -lm && ./check'
cat > user.c <<'C'
#define PAIRS_DECLARATIONS
#include "pairs.c"
#include <stdio.h>
#include <string.h>
int main(void) {
    static pairs_state m;
    static float room[PAIRS_ROOM(100)];
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        int symbols[100], said[PAIRS_LONGEST(100)], n = 0, count, i;
        for (char *word = strtok(line, " \n"); word; word = strtok(0, " \n"))
            symbols[n++] = pairs_text_source(word);
        count = pairs_translate(&m, symbols, n, room, said, PAIRS_LONGEST(n));
        for (i = 0; i < count; i++)
            printf("%s%s", i ? " " : "", pairs_target_text(said[i]));
        printf("\n");
    }
    return 0;
}
C
check "a program that translates" sh -c '"${CC:-cc}" -std=c99 -Wall -Werror user.c -DPAIRS_VOCABULARY pairs.c -o user -lm'
"$RONDO" translate pairs/model.safetensors dev.ja > should 2> /dev/null
check "its translations are Rondo's" sh -c './user < dev.ja | diff - should'

# a pointer copies words that neither vocabulary has: from texts, and by place where only symbols are there
sed -E 's/pairs\.ja/pairs.en/; s/dev\.ja/dev.en/; s/min_count: 2/max_size: 20/; s/^model:/model:\n  copy: true\n  attention: additive/; s/max_steps: 40/max_steps: 150/; s/epochs: 2/epochs: 9/' pairs.yaml > copy.yaml
sed -i 's/target_tokenizer: {type: word, max_size: 20}/target_tokenizer: {type: word, max_size: 12}/' copy.yaml
expect 0 '' "$RONDO" train copy.yaml --out copy --quiet
expect 0 '' "$RONDO" export copy/model.safetensors --to copy.c --name net
check "pointer: C says what Rondo says" sh -c '"${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -DNET_CHECK copy.c -o check -lm && ./check'
cat > user.c <<'C'
#define NET_DECLARATIONS
#include "copy.c"
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    static net_state m;
    static float room[NET_ROOM(100)];
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        const char *words[100];
        int symbols[100], copy[100], said[NET_LONGEST(100)], n = 0, count, i;
        for (char *word = strtok(line, " \n"); word; word = strtok(0, " \n"))
            words[n++] = word;
        for (i = 0; i < n; i++)
            symbols[i] = net_text_source(words[i]);
        if (argc > 1)
            net_copies(symbols, n, copy);
        else
            net_text_copies(words, n, copy);
        count = net_translate(&m, symbols, copy, n, room, said, NET_LONGEST(n));
        for (i = 0; i < count; i++)
            printf("%s%s", i ? " " : "",
                   said[i] < NET_TARGET ? net_target_text(said[i]) : words[said[i] - NET_TARGET]);
        printf("\n");
    }
    return argc > 2;
}
C
check "a program that copies" sh -c '"${CC:-cc}" -std=c99 -Wall -Werror user.c -DNET_VOCABULARY copy.c -o user -lm'
"$RONDO" translate copy/model.safetensors dev.en > should 2> /dev/null
sed -n '/net_target_texts\[/,/^}/p' copy.c | tr -d '",' | sort -u > known
check "words are copied that it does not know" sh -c 'tr " " "\n" < should | sort -u | comm -23 - known | grep -q .'
check "its words are Rondo's" sh -c './user < dev.en | diff - should'
check "by their places, too" sh -c './user places < dev.en | diff - should'
sed -E 's/word, max_size: [0-9]+/char/; /target_tokenizer/d; s/^data:/data:\n  shared_vocabulary: true/; s/max_steps: 150/max_steps: 2/' copy.yaml > letters.yaml
expect 0 '' "$RONDO" train letters.yaml --out letters --quiet
expect 0 '' "$RONDO" export letters/model.safetensors --to copy.c --name net
check "a pointer to letters" sh -c '"${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -DNET_CHECK copy.c -o check -lm && ./check'
mkdir folder.onnx
expect 1 'is a folder' "$RONDO" export run/model.safetensors --to folder.onnx --external-data
check "weights without their model do not stay" sh -c '! ls folder.onnx.data* 2> /dev/null'
check "nothing half-written is left" sh -c '! ls bad.c* nowhere 2> /dev/null'

# as ONNX: the graph says what the model says, with its arrays in the file or beside it
expect 0 '' "$RONDO" export run/model.safetensors --to net.onnx
expect 0 '' "$RONDO" export run/model.safetensors --to apart.onnx --external-data
check "arrays stand beside it" test -s apart.onnx.data
check "and not in it" sh -c '[ "$(wc -c < apart.onnx)" -lt "$(wc -c < net.onnx)" ]'
if "$RONDO" --version | grep -q onnx && command -v python3 > /dev/null && python3 -c 'import numpy' 2> /dev/null; then
    python3 -c 'import numpy; numpy.save("x.npy", numpy.array([[1, 2], [3, 0], [2, 2]]))'
    expect 0 '' "$RONDO" run run/model.safetensors --input x=x.npy --output said-by-model
    for file in net.onnx apart.onnx; do
        expect 0 '' "$RONDO" run $file --input x=x.npy --output said-by-file
        check "$file says what the model says" python3 -c 'import numpy
assert abs(numpy.load("said-by-model/y.npy") - numpy.load("said-by-file/y.npy")).max() < 1e-5'
    done
fi
expect 0 '' "$RONDO" export pairs/model.safetensors --to pairs.onnx
check "encoder, decoder and the whole" sh -c 'test -s pairs.onnx && test -s pairs-encoder.onnx && test -s pairs-decoder.onnx'
if "$RONDO" --version | grep -q onnx; then
    check "the step hands on what it takes" sh -c '"$1" info pairs-decoder.onnx | grep -q h_l0_out' sh "$RONDO"
fi
finish
