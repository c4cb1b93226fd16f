# The book: what it quotes is what the sources say, links lead somewhere, the two languages run in step, and it builds.
. "$(dirname "$0")/lib.sh"
if ! command -v python3 > /dev/null; then
    echo "python3 is not installed: skipped"
    exit 77
fi
book=$RONDO_TOP/docs/guide programs=$(dirname "$RONDO")/tests
tell() { # tell WHAT COMMAND...: what it wrote is part of the failure
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" > told 2>&1 || note_failure "$what: $(head -c 1500 told)"
}
if [ -x "$programs/example_neuron" ] && [ -x "$programs/example_unrolled" ]; then
    tell "quotes and outputs" "$RONDO_TOP/scripts/quote-source" --check --programs "$programs"
else
    tell "quotes" "$RONDO_TOP/scripts/quote-source" --check
fi
# pages of experiments come when their runs are done; until then links to them are excused
awaited=
for name in memory jordan gates directions bottleneck prices; do
    [ -e "$RONDO_TOP/docs/experiments/$name.md" ] || awaited="$awaited $name"
done
checks=$((checks + 1))
"$RONDO_TOP/scripts/check-links" 2>&1 > told.out |
    grep -vE "experiments/(pictures/)?(none${awaited// /|})[-.]" > told && note_failure "links: $(head -c 1500 told)"

# the same chapters; in each the same quotes, commands, formulas and pictures, and as many headings and rows of tables
shape() {
    grep -E '^(<!-- |rondo |RONDO_|echo |scripts/|\$\$)' "$1" | sed 's/\\text{[^}]*}//g; s/\\quad.*//'
    grep -oE '\]\([^)]*pictures/[^)]*\)' "$1"
    sed -n '/^```/,/^```$/!p' "$1" | grep -oE '^#+ |^\|.*--' | sed 's/|.*/|/'
}
check "the same chapters" diff <(ls "$book/en") <(ls "$book/ja")
for page in "$book"/en/*.md; do
    name=$(basename "$page")
    checks=$((checks + 1))
    diff <(shape "$page") <(shape "$book/ja/$name") > told || note_failure "$name: the languages differ: $(head -c 600 told)"
done

# the checks see what is wrong
cp -r "$RONDO_TOP/scripts" "$RONDO_TOP/examples" .
mkdir -p docs/guide/en src
cp "$RONDO_TOP/src/kernels/scalar.c" src/
printf '%s\n' '# A page' '<!-- quote src/scalar.c: tanh_backward -->' '```c' '```' \
    '[here](#a-page) [there](other.md) [below](#below)' > docs/guide/en/page.md
checks=$((checks + 5))
scripts/quote-source --check > told 2>&1 && note_failure "a passage that differs is not told"
grep -q 'page.md:4: not as the source is now' told || note_failure "a passage that differs: $(cat told)"
scripts/quote-source && scripts/quote-source --check || note_failure "what was renewed differs"
sed -i 's/: tanh_backward/: no_such_name/' docs/guide/en/page.md
scripts/quote-source --check 2>&1 | grep -q 'page.md:2: there is no definition of no_such_name' ||
    note_failure "a name that is gone is not told"
scripts/check-links docs/guide/en/page.md > told 2>&1 && note_failure "a wrong link is not told"
[ "$(grep -cE 'other.md: there is no such file|#below: .* has no such heading' told)" = 2 ] ||
    note_failure "wrong links: $(cat told)"

# HTML, where pandoc is: whole pages that need no network, with formulas, whose own links lead somewhere
checks=$((checks + 1))
python=$(python3 -c 'import sys; print(sys.executable)')
PATH=$work/nothing "$python" "$RONDO_TOP/scripts/guide" html > told 2>&1 && note_failure "without pandoc it says nothing"
grep -q 'pandoc.*apt-get install pandoc' told || note_failure "without pandoc: $(cat told)"
if command -v pandoc > /dev/null; then
    tell "HTML" "$RONDO_TOP/scripts/guide" html
    tell "HTML that stands by itself" python3 - html $awaited << 'PY'
import html.parser, pathlib, sys, urllib.parse
top, wrong, awaited = pathlib.Path(sys.argv[1]).resolve(), [], sys.argv[2:]
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.loads, self.ids, self.math = [], [], set(), 0
    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        self.math += tag == "math"
        self.ids.add(a.get("id"))
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
        if tag in ("img", "script", "iframe") or tag == "link" and a.get("rel") == "stylesheet":
            self.loads.append(a.get("src") or a.get("href") or "inline")
pages = {}
for path in top.rglob("*.html"):
    pages[path] = Page()
    pages[path].feed(path.read_text(encoding="utf-8"))
for path, page in pages.items():
    for target in page.links + page.loads:
        parts = urllib.parse.urlsplit(target)
        if parts.scheme:
            if target in page.loads:
                wrong.append(f"{path}: loads {target}")
            continue
        to = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
        if not to.exists() and "experiments" in to.parts and to.stem.split("-")[0] in awaited:
            continue
        if not to.exists():
            wrong.append(f"{path}: {target} leads nowhere")
        elif parts.fragment and to in pages and urllib.parse.unquote(parts.fragment) not in pages[to].ids:
            wrong.append(f"{path}: {target} has no such place")
for language in ("en", "ja"):
    if not pages[top / language / "05-lstm.html"].math:
        wrong.append(f"{language}: no formulas")
print("\n".join(wrong))
sys.exit(bool(wrong))
PY
else
    echo "pandoc is not installed: the HTML is not tested"
fi
finish
