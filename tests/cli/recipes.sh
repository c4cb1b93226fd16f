# Wrong recipes: file, line, what, mend; exit code 2, and no folder is left behind.
. "$(dirname "$0")/lib.sh"
small_recipe
wrong() { # wrong PATTERN SED_EXPRESSION: the small recipe with one change
    sed -E "$2" small.yaml > wrong.yaml
    cmp -s small.yaml wrong.yaml && note_failure "the change '$2' changes nothing"
    expect 2 "$1" "$RONDO" train wrong.yaml --out never
    [ -e never ] && note_failure "a refused recipe left a folder behind: $2"
}
wrong "wrong.yaml:9: unknown key 'hiden_size' \(did you mean 'hidden_size'\?\)" 's/hidden_size: 16/hiden_size: 16/'
wrong "wrong.yaml:9: .*hidden_size is 'many'" 's/hidden_size: 16/hidden_size: many/'
wrong "wrong.yaml:9: .*hidden_size is '-3'" 's/hidden_size: 16/hidden_size: -3/'
wrong "wrong.yaml:9: .*hidden_size is '0'" 's/hidden_size: 16/hidden_size: 0/'
wrong "wrong.yaml:9: .*hidden_size" 's/hidden_size: 16/hidden_size: 99999999999999999999/'
wrong "" 's/hidden_size: 16/hidden_size: 2000000000/'
wrong "wrong.yaml:7: .*cell is 'lstn'.*lstm" 's/cell: lstm/cell: lstn/'
wrong "wrong.yaml:1: " 's/task: language_model/task: langage_model/'
wrong "wrong.yaml:11: .*learning_rate" 's/learning_rate: 0.01/learning_rate: fast/'
wrong "wrong.yaml:11: .*learning_rate" 's/learning_rate: 0.01/learning_rate: -1/'
wrong "wrong.yaml:11: .*learning_rate" 's/learning_rate: 0.01/learning_rate: .nan/'
wrong "wrong.yaml" 's/^model:/model: [1, 2]/'
wrong "wrong.yaml:3: .*nothing.txt" 's/train: text.txt/train: nothing.txt/'
wrong "wrong.yaml:" 's/^data:/data: {/'
wrong "dropout" 's/hidden_size: 16/hidden_size: 16\n  dropout: 1.5/'
wrong "bidirectional" 's/hidden_size: 16/hidden_size: 16\n  bidirectional: true/'
wrong "tie_weights" 's/hidden_size: 16/hidden_size: 16\n  tie_weights: true/'
wrong "duplicate|twice" 's/hidden_size: 16/hidden_size: 16\n  hidden_size: 17/'
: > empty.yaml
expect 2 "empty.yaml" "$RONDO" train empty.yaml --out never
head -c 300 /dev/urandom > noise.yaml
expect 2 "noise.yaml" "$RONDO" train noise.yaml --out never
expect 2 "text.txt" "$RONDO" train text.txt --out never
expect 2 "--set model.hiden_size.*did you mean" "$RONDO" train small.yaml --set model.hiden_size=4 --out never
expect 2 "--set " "$RONDO" train small.yaml --set model.hidden_size --out never
expect 2 "--set model.layers" "$RONDO" train small.yaml --set model.layers=0 --out never
[ -e never ] && note_failure "a refused call left a folder behind"
finish
