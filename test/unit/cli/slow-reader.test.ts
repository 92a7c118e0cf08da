/** A report goes to standard output as fast as it is read there. */
import { afterEach, expect, test, vi } from 'vitest';
import { writeOutputs } from '../../../src/cli/output.ts';
import { largeReport } from '../render/sample-report.ts';

afterEach(() => void vi.restoreAllMocks());

/** Standard output with a reader who takes nothing before the test says so. */
function slowReader() {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return false;
  });
  return written;
}

const listeners = () => ['drain', 'close', 'error'].map((event) => process.stdout.listenerCount(event));
const settled = () => new Promise((resolve) => setImmediate(resolve));
const report = largeReport(1000);
const print = () => writeOutputs(report, [{ format: 'json' }], false);

test('the next block waits until the one before is read', async () => {
  const written = slowReader();
  const printed = vi.fn<() => void>();
  const printing = print().then(printed);
  await vi.waitFor(() => expect(written).toHaveLength(1));
  const counts: number[] = [];
  while (printed.mock.calls.length === 0) {
    counts.push(written.length);
    process.stdout.emit('drain');
    await settled();
  }
  await printing;
  expect(counts.length).toBeGreaterThan(2);
  expect(counts).toEqual(counts.map((_, i) => i + 1));
  expect(JSON.parse(written.join(''))).toEqual(report);
});

test.each([
  ['closed', () => process.stdout.emit('close')],
  ['failed', () => process.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))],
])('nobody waits for a reader who has gone: %s', async (_, goes) => {
  const written = slowReader();
  const before = listeners();
  const printing = print();
  await vi.waitFor(() => expect(written).toHaveLength(1));
  goes();
  await printing;
  expect(written).toHaveLength(1);
  expect(listeners()).toEqual(before);
});
