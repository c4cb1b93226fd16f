# web/build: a language model as a page. In Node and in headless Chromium it writes what the same C file writes here.
. "$(dirname "$0")/lib.sh"
for tool in emcc node python3 cc; do
    command -v $tool > /dev/null || { echo "$tool is not installed: skipped"; exit 77; }
done
small_recipe
expect 0 '' "$RONDO" train small.yaml --out run --quiet

# the numbers of the symbols that follow a line end and "the ", the most probable one each time
cat > native.c <<'C'
#include <stdio.h>
#include "model.c"
int main(int argc, char **argv) {
    static model_state m;
    static float y[MODEL_OUTPUT];
    int i, t, best = 0;
    model_init(&m);
    for (t = 1; t < argc; t++) {
        int symbol = 0;
        sscanf(argv[t], "%d", &symbol);
        model_step(&m, symbol, y);
    }
    for (t = 0; t < 200; t++) {
        for (best = 0, i = 1; i < MODEL_OUTPUT; i++)
            best = y[i] > y[best] ? i : best;
        printf("%d %.3f\n", best, (double)y[best]);
        model_step(&m, best, y);
    }
    return 0;
}
C
cat > page.cjs <<'JS'
const [folder, what] = process.argv.slice(2), fs = require("fs");
const { Writer, choose } = require(folder + "/page.js");
const SYMBOLS = new Function(fs.readFileSync(folder + "/symbols.js", "utf8") + "; return SYMBOLS;")();
if (what === "prompt") {
    console.log([..."\nthe "].map(s => SYMBOLS.indexOf(s)).join(" "));
} else {
    require(folder + "/model.js")().then(model => {
        const writer = new Writer(model, SYMBOLS, "the ", 0, 1);
        let text = "the ";
        for (let t = 0; t < 200; t++) {
            const best = choose(writer.scores, 0);
            if (what === "numbers") console.log(best, writer.scores[best].toFixed(3));
            text += writer.next();
        }
        if (what === "text") process.stdout.write(text);
    });
}
JS
for dtype in f32 int8; do
    check "web/build $dtype" "$RONDO_TOP/web/build" run/model.safetensors page-$dtype --dtype $dtype --rondo "$RONDO"
    check "native $dtype" cc -O2 -std=c99 -I page-$dtype native.c -o native -lm
    ./native $(node page.cjs ./page-$dtype prompt) > native.txt
    node page.cjs ./page-$dtype numbers > node.txt
    check "$dtype: 200 symbols" [ "$(wc -l < node.txt)" = 200 ]
    check "$dtype: WebAssembly writes what the file writes here" sh -c "awk '{print \$1}' native.txt | cmp - /dev/fd/3 3<<E
$(awk '{print $1}' node.txt)
E"
    check "$dtype: with the same scores" sh -c 'paste native.txt node.txt | awk "{ d = \$2 - \$4; if (d < 0) d = -d; if (d > 0.002) exit 1 }"'
done
check "a model that is none" sh -c '! "$1" small.yaml page --rondo "$2"' - "$RONDO_TOP/web/build" "$RONDO"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || true
if [ -n "$browser" ]; then
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" \
        --virtual-time-budget=20000 --dump-dom \
        "file://$work/page-f32/index.html?prompt=the%20&length=200&temperature=0&write" > dom.html 2> browser.log
    node page.cjs ./page-f32 text > text.txt
    python3 - <<'PY' > browser.txt
import html, re
print(html.unescape(re.search(r'<div id="text"[^>]*>(.*?)</div>', open("dom.html", newline="").read(), re.S)[1]), end="")
PY
    check "the browser writes it too" cmp text.txt browser.txt
    check "and says that it is done" grep -q 'data-state="done"' dom.html
else
    echo "no Chromium: the page itself is not looked at"
fi
finish
