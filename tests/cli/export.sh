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
expect 0 '' "$RONDO" export run/model.safetensors --to other.c --name tiny --check-steps 0
check "identifiers begin with the name" grep -q "void tiny_step(tiny_state \*m, int symbol, float \*y);" other.c
check "no test without steps" sh -c '! grep -q TINY_CHECK\$ other.c'
printf '#define TINY_DECLARATIONS\n#include "other.c"\nint main(void) { tiny_state m; tiny_init(&m); return 0; }\n' > user.c
check "a program with it" sh -c '"${CC:-cc}" -std=c99 -Wall -Werror user.c other.c -o user -lm && ./user'
expect 2 'give --to FILE.c' "$RONDO" export run/model.safetensors
expect 2 'no format that can be written' "$RONDO" export run/model.safetensors --to net.cpp
expect 2 'C identifier' "$RONDO" export run/model.safetensors --to bad.c --name 'a b'
expect 1 'nowhere' "$RONDO" export run/model.safetensors --to nowhere/net.c
expect 2 'missing.safetensors' "$RONDO" export missing.safetensors --to bad.c
check "nothing half-written is left" sh -c '! ls bad.c* nowhere 2> /dev/null'
finish
