/* Axes with the same names are the same axis: where one picture goes, the others follow. */
type Listener = (index: number) => void;

export class Hub {
    private readonly listeners = new Map<string, { owner: unknown; listener: Listener }[]>();

    static key(names: string[]): string { return names.join("\u0001"); }

    listen(owner: unknown, key: string, listener: Listener): void {
        this.listeners.set(key, [...(this.listeners.get(key) ?? []), { owner, listener }]);
    }

    tell(owner: unknown, key: string, index: number): void {
        for (const entry of this.listeners.get(key) ?? [])
            if (entry.owner !== owner) entry.listener(index);
    }
}
