import { Cron } from 'croner';
import { faultOfSchedule } from './config.ts';
import { exit, messageOf, UserError } from './errors.ts';

export interface ScheduleOptions {
  /** Five fields, as in crontab. */
  schedule: string;
  /** IANA name. */
  timeZone: string;
  /**
   * What to do. `slot` is the planned minute, `2026-11-16T07:00Z`, the same however late the run begins. The signal is
   * aborted when there is no more time to finish.
   */
  job: (slot: string, signal: AbortSignal) => Promise<void>;
  /** SIGTERM or SIGINT: no further run begins. */
  signal: AbortSignal;
  log: (message: string) => void;
  /** How long a run that is under way may go on after the signal. */
  graceMs?: number;
}

/** Kubernetes kills 30 s after SIGTERM; with the time to clean up it is over before 25. */
const defaultGraceMs = 20_000;
/** What a run gets to clean up once its own signal is aborted. */
const cleanUpMs = 3000;

/**
 * Runs the job at every planned minute until the signal, and resolves when nothing runs any more, or when a run does not end
 * in time, which the end of the process then breaks off. Runs never overlap. Minutes that come while a run is under way, or
 * are slept through (a suspended machine, a clock that was set), give one run afterwards, for the last of them. A run that
 * fails is logged and the next one comes.
 * @throws UserError (exit 2) for a schedule or time zone that cannot be.
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { schedule, timeZone, job, signal, log, graceMs = defaultGraceMs } = options;
  const fault = faultOfSchedule(schedule, timeZone);
  if (fault !== undefined) throw new UserError(`The schedule ${fault}`, { exitCode: exit.usage });
  if (signal.aborted) return;

  const outOfTime = new AbortController();
  let running: Promise<void> | undefined;
  const cron = new Cron(schedule, {
    mode: '5-part',
    timezone: timeZone,
    protect: () => log('a planned run waits: the one before it is still under way'),
    catch: (error) => log(`the schedule failed: ${describe(error)}`),
  });
  const announce = (): void => {
    const next = cron.nextRun();
    log(next === null ? 'there is no run to come' : `next run ${slotOf(next)} (${schedule}, ${timeZone})`);
  };
  const run = async (): Promise<void> => {
    const slot = slotOf(cron.previousRuns(1, new Date(Date.now() + 1000))[0] ?? new Date());
    log(`run ${slot} begins`);
    try {
      await job(slot, outOfTime.signal);
      log(`run ${slot} is done`);
    } catch (error) {
      log(`run ${slot} failed: ${describe(error)}`);
    }
  };

  announce();
  cron.schedule(async () => {
    running = run();
    await running;
    running = undefined;
    if (!signal.aborted) announce();
  });
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  cron.stop();
  if (running === undefined) return;
  log(`stopping: the run under way has ${Math.round(graceMs / 1000)} s to finish`);
  if (await endsWithin(running, graceMs)) return;
  log('stopping: out of time');
  outOfTime.abort(new UserError('There was no time left: the process was told to end.'));
  if (!(await endsWithin(running, cleanUpMs))) log('stopping: what is still under way is broken off');
}

/** `2026-11-16T07:00Z` */
export const slotOf = (minute: Date): string => `${minute.toISOString().slice(0, 16)}Z`;

function endsWithin(running: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    void running.then(() => resolve(true)).finally(() => clearTimeout(timer));
  });
}

const describe = (error: unknown): string =>
  error instanceof UserError && error.hint !== undefined
    ? `${error.message} ${error.hint}`
    : messageOf(error);
