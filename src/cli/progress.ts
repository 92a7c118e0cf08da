import type { Progress } from '../collect/cluster.ts';
import { visible } from '../text.ts';

const quietMs = 1000;
const lineEveryMs = 10_000;

export interface ProgressLine {
  show: (progress: Progress) => void;
  /** Takes the line away, so that what is printed next begins at the left; nothing is shown after it. */
  end: () => void;
}

/**
 * Progress for scans that take a while: one line that is rewritten on a terminal, a line every ten seconds elsewhere,
 * nothing at all for the first second.
 */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  const started = Date.now();
  let last = started;
  let shown = false;
  let ended = false;
  const erase = () => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  // A signal ends the process before anybody ends the line.
  if (stream.isTTY) process.once('exit', erase);
  return {
    show({ source, count, remaining }) {
      const now = Date.now();
      if (ended || now - started < quietMs) return;
      if (now - last < (stream.isTTY ? quietMs / 5 : lineEveryMs)) return;
      last = now;
      const text = visible(
        `reading ${source}: ${count}${remaining === undefined ? '' : ` of ${count + remaining}`}`,
      );
      erase();
      stream.write(stream.isTTY ? text : `${text}\n`);
      shown = stream.isTTY;
    },
    end() {
      ended = true;
      erase();
      process.removeListener('exit', erase);
    },
  };
}
