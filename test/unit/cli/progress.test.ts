import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progressLine } from '../../../src/cli/progress.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** The progress of a scan on a terminal or elsewhere, and what it wrote. */
function start(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const line = progressLine(stream);
  return { ...line, written, text: () => written.join('') };
}

/** A terminal shows nothing but what stands after this. */
const erased = '\r\u001b[2K';

test('on a terminal the line is rewritten, and is gone when the audit has ended', () => {
  const listeners = process.listenerCount('exit');
  const { show, end, text } = start(true);
  vi.advanceTimersByTime(1500);
  show({ source: 'pods', count: 45 });
  vi.advanceTimersByTime(500);
  show({ source: 'pods', count: 90, remaining: 10 });
  expect(text()).toBe(`reading pods: 45${erased}reading pods: 90 of 100`);
  end();
  expect(text()).toBe(`reading pods: 45${erased}reading pods: 90 of 100${erased}`);
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('what is given up shows nothing any more', () => {
  const { show, end, written } = start(true);
  vi.advanceTimersByTime(1500);
  end();
  show({ source: 'pods', count: 45 });
  expect(written).toEqual([]);
});

test('elsewhere there is a line every ten seconds, and it stays', () => {
  const { show, end, written } = start(false);
  for (let second = 0; second < 25; second += 1) {
    vi.advanceTimersByTime(1000);
    show({ source: 'pods', count: second });
  }
  end();
  expect(written).toEqual(['reading pods: 9\n', 'reading pods: 19\n']);
});
