// Bundles the page of `rondo inspect --html`:  npm ci && node build.mjs PAGE.html
//
// The page is whole but for its data, which belong where MARK stands. Scripts and styles stand in the page, and its Content-Security-Policy names them by their hashes, so
// nothing that comes in with the data can run.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const MARK = "@DATA@";
const here = dirname(fileURLToPath(import.meta.url));
const page = process.argv[2];
if (!page) {
    console.error("usage: node build.mjs PAGE.html");
    process.exit(2);
}

async function bundle() {
    const { outputFiles } = await build({
        entryPoints: [join(here, "src/main.ts")],
        outdir: here,
        bundle: true,
        minify: true,
        write: false,
        format: "iife",
        target: ["chrome94", "firefox93", "safari15.4"],
        legalComments: "none",
        logLevel: "warning",
    });
    const text = ending => outputFiles.find(file => file.path.endsWith(ending)).text.trim();
    return { script: text(".js"), style: text(".css") };
}

// Between its tags a text ends at the first "</", and "<!--" changes how a script is read.
function checked(text, what) {
    if (/<\/|<!--/.test(text) || text.includes(MARK)) throw new Error(`${what} holds '</', '<!--' or ${MARK}`);
    return text;
}

const hash = text => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const { script, style } = await bundle();
const policy = [
    "default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, "img-src data:", "base-uri 'none'",
    "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join("; ");
const parts = {
    POLICY: policy,
    STYLE: checked(style, "the style"),
    SCRIPT: checked(script.replaceAll("</", "<\\/"), "the script"),
    LICENCE: readFileSync(join(here, "node_modules/uplot/LICENSE"), "utf8").trim(),
};
if (parts.SCRIPT !== script) throw new Error("the bundler no longer keeps '</' out of scripts");
const text = readFileSync(join(here, "src/index.html"), "utf8").replace(/@(POLICY|STYLE|SCRIPT|LICENCE)@/g, (_, name) => parts[name]);
if (text.split(MARK).length !== 2) throw new Error(`index.html must hold ${MARK} once`);
writeFileSync(page, text);
