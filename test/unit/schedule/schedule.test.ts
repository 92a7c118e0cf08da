import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { runSchedule, type ScheduleOptions } from '../../../src/schedule.ts';

const minute = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.setSystemTime('2026-11-16T06:58:30Z');
});
afterEach(() => vi.useRealTimers());

/** A schedule under way: what it logged, which slots it ran, and its end. */
function start(changes: Partial<ScheduleOptions> = {}) {
  const stop = new AbortController();
  const log: string[] = [];
  const slots: string[] = [];
  const ended = runSchedule({
    schedule: '0 7 * * 1',
    timeZone: 'UTC',
    signal: stop.signal,
    log: (message) => log.push(message),
    ...changes,
    job: async (slot, signal) => {
      slots.push(slot);
      await changes.job?.(slot, signal);
    },
  });
  return { log, slots, ended, stop: () => stop.abort() };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('runSchedule', () => {
  it('says when it runs next, runs at that minute, and goes on', async () => {
    const { log, slots, ended, stop } = start();
    expect(log).toEqual(['next run 2026-11-16T07:00Z (0 7 * * 1, UTC)']);
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(slots).toEqual(['2026-11-16T07:00Z']);
    expect(log.slice(1)).toEqual([
      'run 2026-11-16T07:00Z begins',
      'run 2026-11-16T07:00Z is done',
      'next run 2026-11-23T07:00Z (0 7 * * 1, UTC)',
    ]);
    vi.setSystemTime('2026-11-23T06:59:30Z');
    await vi.advanceTimersByTimeAsync(minute);
    expect(slots).toEqual(['2026-11-16T07:00Z', '2026-11-23T07:00Z']);
    stop();
    await ended;
  });

  it('reads the schedule in its time zone', async () => {
    const { log, stop, ended } = start({ timeZone: 'America/New_York' });
    expect(log[0]).toBe('next run 2026-11-16T12:00Z (0 7 * * 1, America/New_York)');
    stop();
    await ended;
  });

  it('never overlaps: what comes during a run gives one run after it', async () => {
    let atOnce = 0;
    let most = 0;
    const { log, slots, stop, ended } = start({
      schedule: '* * * * *',
      job: async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await pause(2.5 * minute);
        atOnce -= 1;
      },
    });
    await vi.advanceTimersByTimeAsync(7 * minute);
    expect(most).toBe(1);
    expect(slots).toEqual(['2026-11-16T06:59Z', '2026-11-16T07:01Z', '2026-11-16T07:04Z']);
    expect(log.filter((line) => line.includes('run waits')).length).toBeGreaterThan(2);
    stop();
    await vi.advanceTimersByTimeAsync(3 * minute);
    await ended;
  });

  it('survives a run that fails, and says why', async () => {
    const { log, slots, stop, ended } = start({
      schedule: '* * * * *',
      job: () => Promise.reject(new UserError('No cluster.', { hint: 'Start one.' })),
    });
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(slots).toHaveLength(2);
    expect(log).toContain('run 2026-11-16T06:59Z failed: No cluster. Start one.');
    stop();
    await ended;
  });

  it('gives one run, for the last planned minute, when the clock jumps', async () => {
    const { slots, stop, ended } = start({ schedule: '*/10 * * * *' });
    vi.setSystemTime('2026-11-16T08:45:00Z');
    await vi.advanceTimersByTimeAsync(minute);
    expect(slots).toEqual(['2026-11-16T08:40Z']);
    stop();
    await ended;
  });

  it('runs once on the days when clocks change', async () => {
    for (const [start_, expected] of [
      ['2026-03-29T00:00:00Z', '2026-03-29T01:00Z'],
      ['2026-10-25T00:00:00Z', '2026-10-25T00:30Z'],
    ] as const) {
      vi.setSystemTime(start_);
      const { slots, stop, ended } = start({ schedule: '30 2 * * *', timeZone: 'Europe/Berlin' });
      await vi.advanceTimersByTimeAsync(4 * 60 * minute);
      expect(slots).toEqual([expected]);
      stop();
      await ended;
    }
  });

  it('lets a run that is under way finish', async () => {
    let finished = false;
    const { stop, ended, log } = start({
      job: async () => {
        await pause(19_000);
        finished = true;
      },
    });
    await vi.advanceTimersByTimeAsync(1.5 * minute + 1000);
    stop();
    await vi.advanceTimersByTimeAsync(20_000);
    await ended;
    expect(finished).toBe(true);
    expect(log).toContain('stopping: the run under way has 20 s to finish');
  });

  it('tells a run that takes too long, and then waits no longer for it: it is over within 25 s', async () => {
    let told = false;
    const { stop, ended, log } = start({
      job: async (_slot, signal) => {
        signal.addEventListener('abort', () => (told = true));
        await pause(24 * 60 * minute);
      },
    });
    await vi.advanceTimersByTimeAsync(1.5 * minute + 1000);
    stop();
    await vi.advanceTimersByTimeAsync(19_500);
    expect(told).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    await ended;
    expect(told).toBe(true);
    expect(log.slice(-2)).toEqual([
      'stopping: out of time',
      'stopping: what is still under way is broken off',
    ]);
  });

  it.each([
    ['whenever', 'UTC'],
    ['0 0 7 * * 1', 'UTC'],
    ['0 7 31 2 *', 'UTC'],
    ['0 7 * * 1', 'Mars/Olympus'],
  ])('refuses %s in %s', async (schedule, timeZone) => {
    await expect(start({ schedule, timeZone }).ended).rejects.toMatchObject({ exitCode: 2 });
  });

  it('does nothing when it was stopped before it began', async () => {
    const { ended, log } = start({ signal: AbortSignal.abort() });
    await ended;
    expect(log).toEqual([]);
  });
});
