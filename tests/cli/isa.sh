# The same training on every instruction set that this machine has: the losses agree to 1e-3 (relative).
. "$(dirname "$0")/lib.sh"
small_recipe
loss_of() { sed -n 's/.*"valid_loss": *\([0-9.eE+-]*\).*/\1/p' "$1/metrics.jsonl" | tail -n 1; }
for cell in elman jordan lstm gru; do
    ran=
    for isa in scalar avx2 avx512 neon; do
        # one that is not there is refused with a line that says so
        if ! RONDO_ISA=$isa "$RONDO" --version > out 2> err; then
            expect 2 "'$isa' from RONDO_ISA is not available" env RONDO_ISA=$isa "$RONDO" --version
            continue
        fi
        expect 0 '' env RONDO_ISA=$isa "$RONDO" train small.yaml --set model.cell=$cell --set model.hidden_size=37 \
            --set train.max_steps=60 --set train.epochs=9 --out $cell-$isa --quiet
        ran="$ran $isa"
        awk -v a="$(loss_of $cell-scalar)" -v b="$(loss_of $cell-$isa)" \
            'BEGIN { d = (a - b) / a; exit !(a > 0 && b > 0 && d < 1e-3 && d > -1e-3) }' ||
            note_failure "$cell: the loss on $isa is $(loss_of $cell-$isa), on scalar $(loss_of $cell-scalar)"
    done
    echo "$cell:$ran: $(for isa in $ran; do loss_of $cell-$isa; done | tr '\n' ' ')"
done
expect 2 "'nonsense' from RONDO_ISA is not available" env RONDO_ISA=nonsense "$RONDO" train small.yaml --out never
[ -e never ] && note_failure "a refused call left a folder behind"
finish
