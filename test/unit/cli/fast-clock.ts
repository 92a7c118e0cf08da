/**
 * For `node --import`: the clock of the process goes sixty times as fast, and its timers with it, so that the next planned
 * minute is a second away. Where FAST_UNTIL is set, only until that is said on standard error.
 */
const speed = 60;
const until = process.env['FAST_UNTIL'];
const { setTimeout: realTimeout, Date: RealDate } = globalThis;
const began = RealDate.now();
/** When it became as slow as any other. */
let slowed: number | undefined;

const now = (): number => {
  const real = RealDate.now();
  const fast = (slowed ?? real) - began;
  return began + fast * speed + (real - began - fast);
};

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: []) => Reflect.construct(target, args.length === 0 ? [now()] : args) as Date,
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
});

globalThis.setTimeout = Object.assign(
  (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    realTimeout(callback, slowed === undefined ? ms / speed : ms, ...args),
  realTimeout,
);

if (until !== undefined) {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: string | Uint8Array) => {
    if (String(text).includes(until)) slowed ??= RealDate.now();
    return write(text);
  };
}
