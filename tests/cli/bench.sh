# `rondo bench cell`: every cell and pass gives JSON with the keys of the contract; `rondo bench audio`.
. "$(dirname "$0")/lib.sh"
for cell in elman jordan lstm gru; do
    for pass in train forward step; do
        expect 0 '' "$RONDO" bench cell --cell $cell --input-size 7 --hidden-size 9 --batch 3 --steps 5 --pass $pass --seconds 0.01 --json
        for key in median_ms min_ms p99_ms p999_ms runs gflops threads isa; do
            check "$cell $pass: JSON has $key" grep -q "\"$key\": " out
        done
    done
    expect 0 '' "$RONDO" bench cell --cell $cell --layers 2 --bidirectional --input-size 7 --hidden-size 9 --batch 3 --steps 5 --seconds 0.01
done
for variant in --peepholes --layer-norm "--projection-size 5" "--cell gru --layer-norm"; do
    expect 0 '' "$RONDO" bench cell --input-size 7 --hidden-size 9 --batch 3 --steps 5 $variant --seconds 0.01
done
expect 2 "peepholes is not an option of elman" "$RONDO" bench cell --cell elman --peepholes
expect 2 "" "$RONDO" bench cell --hidden-size 0
expect 2 "" "$RONDO" bench cell --bidirectional --pass step --input-size 4 --hidden-size 4 --batch 1 --seconds 0.01
expect 2 "before the options" "$RONDO" bench picture
expect 2 "" "$RONDO" bench
if "$RONDO" bench audio --seconds 0.01 > out 2> err; then
    for features in log_mel mfcc; do
        expect 0 '' "$RONDO" bench audio --features $features --rate 8000 --deltas 1 --seconds 0.01 --json
        for key in frames_per_second times_real_time stream_times_real_time median_ms runs threads; do
            check "$features: JSON has $key" grep -q "\"$key\": " out
        done
    done
    expect 2 "lies between two bins" "$RONDO" bench audio --mels 1000
    expect 2 "" "$RONDO" bench audio --rate 0
    expect 0 '' "$RONDO" bench audio --help
else
    expect 2 "KissFFT" "$RONDO" bench audio
fi
finish
