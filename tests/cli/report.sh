# rondo inspect --html: a report opens from disk, everything in it can be used, and no text of the data runs as a script.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$RONDO")
small_recipe
small_pairs
# what a hostile corpus would hold
printf '%s\n' '</script><script>document.title="broken"</script>' '<img src=x onerror="document.title=1"> & <!-- <script>' >> text.txt
expect 0 '' "$RONDO" train small.yaml --out run --quiet
expect 0 '' "$RONDO" train pairs.yaml --out pair --quiet
expect 0 '' "$RONDO" train small.yaml --set model.cell=elman --out elman --quiet
sed -E 's/(encoder|decoder): .*/\1: {cell: transformer, heads: 2}/' pairs.yaml > transformer.yaml
expect 0 '' "$RONDO" train transformer.yaml --out transformer --quiet

expect 2 'made by|page|VIEW|html' "$RONDO" inspect run/model.safetensors --html report.txt
if grep -q RONDO__REPORT_ABSENT "$build/generated/report_page.h"; then
    expect 2 'no page for reports' "$RONDO" inspect run/model.safetensors text.txt --html report.html
    check "nothing is written" [ ! -e report.html ]
    echo "this build has no page for reports: the page itself is not looked at"
    finish
fi
expect 2 "leave" "$RONDO" inspect run/model.safetensors states --html report.html
expect 2 "leave" "$RONDO" inspect run/model.safetensors --to x.png --html report.html
expect 2 "leave" "$RONDO" inspect run/model.safetensors --gate forget --html report.html
expect 2 "no/such" "$RONDO" inspect run/model.safetensors no/such.txt --html report.html
expect 1 "no/such" "$RONDO" inspect run/model.safetensors text.txt --html no/such/report.html
check "nothing half-written is left" sh -c '! ls | grep -E "html|tmp"'
expect 0 '' "$RONDO" inspect run/model.safetensors text.txt --html text.html
expect 0 '' "$RONDO" inspect run/model.safetensors --text '</script><b>' --html one.html --passages 1 --steps 5
expect 0 '' "$RONDO" inspect pair/model.safetensors dev.ja dev.en --html pair.html
expect 0 '' "$RONDO" inspect elman/model.safetensors --html elman.html
expect 0 '' "$RONDO" inspect transformer/model.safetensors dev.ja dev.en --html transformer.html
check "what a Transformer has not is told" grep -q '"kind":"gates","why"' transformer.html
check "the same call, the same bytes" sh -c '"$1" inspect pair/model.safetensors dev.ja dev.en --html again.html && cmp pair.html again.html' - "$RONDO"
check "under 3 MB" [ "$(wc -c < text.html)" -lt 3000000 ]
check "the data end no script" [ "$(grep -o '</script' text.html | wc -l)" = 2 ]

node=$(command -v node) || true
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || true
if [ -z "$node" ] || [ -z "$browser" ]; then
    echo "no Node or no Chromium: the page itself is not looked at"
    finish
fi
drive() {
    local said
    checks=$((checks + 1))
    said=$(timeout 240 node "$RONDO_TOP/tests/web/report.mjs" "$browser" "$work" "$@" 2>&1) || note_failure "the page: $said"
}
page=$build/report/page.html
if [ -f "$page" ]; then
    check "a report of every panel" node "$RONDO_TOP/tests/web/mock.mjs" "$page" mock.html
    drive mock "$work/mock.html"
fi
drive real "$work/text.html" "$work/one.html" "$work/pair.html" "$work/elman.html" "$work/transformer.html"
sed 's/{"version":1/{"version":9/' text.html > version.html
sed 's/{"version":1/{"version"/' text.html > damaged.html
drive broken "$work/version.html" "$work/damaged.html"

# strict TypeScript, where its compiler can be had
mkdir types && cp -r "$RONDO_TOP"/web/report/src "$RONDO_TOP"/web/report/*.json types
if (cd types && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=0) > npm.log 2>&1; then
    check "types: $(cd types && npx tsc -p . 2>&1 | head -c 600)" sh -c 'cd types && npx tsc -p .'
else
    echo "npm could not get TypeScript: types are not checked"
fi
finish
