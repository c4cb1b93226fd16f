// A headless Chromium that is spoken to over a pipe in the DevTools protocol: open a page, press keys, move the pointer,
// ask for values, take pictures. Everything that the page writes to its console, and every failure, is kept.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

export class Browser {
    constructor(program, profile) {
        this.process = spawn(program, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
            "--hide-scrollbars", "--force-device-scale-factor=1", `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
        this.next = 1;
        this.waiting = new Map();
        this.listeners = [];
        this.messages = [];
        let rest = "";
        this.process.stdio[4].setEncoding("utf8").on("data", text => {
            const parts = (rest + text).split("\0");
            rest = parts.pop();
            for (const part of parts) this.heard(JSON.parse(part));
        });
    }

    heard(message) {
        if (message.id) {
            const { done, failed } = this.waiting.get(message.id);
            this.waiting.delete(message.id);
            if (message.error) failed(new Error(message.error.message));
            else done(message.result);
            return;
        }
        const { method, params } = message;
        if (method === "Runtime.consoleAPICalled") this.messages.push(`${params.type}: ${params.args.map(a => a.value ?? a.description).join(" ")}`);
        if (method === "Runtime.exceptionThrown") this.messages.push(`exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
        if (method === "Log.entryAdded") this.messages.push(`${params.entry.level}: ${params.entry.text}`);
        if (method === "Network.requestWillBeSent") this.requests?.push(params.request.url);
        this.listeners = this.listeners.filter(listener => !listener(method));
    }

    send(method, params = {}) {
        const id = this.next++;
        this.process.stdio[3].write(`${JSON.stringify({ id, method, params, ...(this.session ? { sessionId: this.session } : {}) })}\0`);
        return new Promise((done, failed) => this.waiting.set(id, { done, failed }));
    }

    once(method) {
        return new Promise(done => this.listeners.push(heard => heard === method && (done(), true)));
    }

    // Returns the milliseconds from the start of the load to the end.
    async open(url, { width = 1280, height = 900, dark = false } = {}) {
        if (!this.session) {
            const { targetInfos } = await this.send("Target.getTargets");
            const page = targetInfos.find(target => target.type === "page");
            this.session = (await this.send("Target.attachToTarget", { targetId: page.targetId, flatten: true })).sessionId;
            for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
        }
        this.requests = [];
        await this.size(width, height);
        await this.scheme(dark);
        const loaded = this.once("Page.loadEventFired"), start = performance.now();
        await this.send("Page.navigate", { url });
        await loaded;
        await this.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        return performance.now() - start;
    }

    size(width, height) {
        return this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    }
    scheme(dark) {
        return this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }, { name: "prefers-reduced-motion", value: "reduce" }] });
    }

    async value(expression) {
        const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
        return result.value;
    }

    async key(key, { shift = false } = {}) {
        const at = { key, code: key, windowsVirtualKeyCode: { ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36, End: 35, Tab: 9, Enter: 13 }[key] ?? 0, modifiers: shift ? 8 : 0 };
        await this.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...at });
        await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...at });
    }

    mouse(type, x, y, isDown = type !== "mouseMoved") {
        return this.send("Input.dispatchMouseEvent", { type, x, y, button: isDown ? "left" : "none", buttons: isDown && type !== "mouseReleased" ? 1 : 0, clickCount: 1 });
    }
    async click(x, y) {
        await this.mouse("mouseMoved", x, y);
        await this.mouse("mousePressed", x, y);
        await this.mouse("mouseReleased", x, y);
    }

    // The place of an element in the window, scrolled to where it can be seen.
    box(selector) {
        return this.value(`(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center", behavior: "instant" });
            const b = e.getBoundingClientRect(); return { x: b.x, y: b.y, width: b.width, height: b.height }; })()`);
    }

    async picture(file, isWhole = false) {
        const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: isWhole });
        writeFileSync(file, Buffer.from(data, "base64"));
    }
    async print(file) {
        const { data } = await this.send("Page.printToPDF", { printBackground: false });
        writeFileSync(file, Buffer.from(data, "base64"));
    }

    async close() {
        delete this.session;
        const gone = new Promise(done => this.process.once("exit", done));
        await this.send("Browser.close").catch(() => {});
        await gone;
    }
}
