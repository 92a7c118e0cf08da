import type { Progress } from '../collect/cluster.ts';
import { visible } from '../text.ts';

const quietMs = 1000;
const lineEveryMs = 10_000;

/**
 * Progress for scans that take a while: one line that is rewritten on a terminal, a line every ten seconds elsewhere,
 * nothing at all for the first second.
 */
export function progressLine(stream: NodeJS.WriteStream): (progress: Progress) => void {
  const started = Date.now();
  let last = started;
  let shown = false;
  const erase = () => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  if (stream.isTTY) process.once('exit', erase);
  return ({ source, count, remaining }) => {
    const now = Date.now();
    if (now - last < (stream.isTTY ? quietMs / 5 : lineEveryMs) || now - started < quietMs) return;
    last = now;
    const text = visible(
      `reading ${source}: ${count}${remaining === undefined ? '' : ` of ${count + remaining}`}`,
    );
    erase();
    stream.write(stream.isTTY ? text : `${text}\n`);
    shown = stream.isTTY;
  };
}
