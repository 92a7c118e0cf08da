import { exit } from '../errors.ts';
import { runSchedule } from '../schedule.ts';
import { visible } from '../text.ts';
import { effectiveConfig, targetOf, type ScheduleFlags } from './flags.ts';
import { auditAndSend, requireAudiences } from './send.ts';

/**
 * `passmuster schedule`: send on a clock, until SIGTERM or SIGINT. Its log goes to standard error, a line an event. The process
 * ends with it, whatever a run that was given up still waits for.
 */
export async function schedule(flags: ScheduleFlags): Promise<void> {
  const stop = new AbortController();
  const end = (signal: 'SIGINT' | 'SIGTERM') => () => {
    process.exitCode = signal === 'SIGINT' ? exit.interrupted : exit.terminated;
    stop.abort();
  };
  process.once('SIGINT', end('SIGINT')).once('SIGTERM', end('SIGTERM'));
  const config = effectiveConfig(flags);
  requireAudiences(config, flags);
  // Flags that contradict each other are told now, not at the first run.
  targetOf(flags);
  const options = { ...flags, progress: false };
  await runSchedule({
    schedule: flags.schedule ?? config.schedule,
    timeZone: flags.timeZone ?? config.timeZone,
    signal: stop.signal,
    log,
    job: (slot, signal) => {
      // Read anew for every run, so that a changed ConfigMap counts without a restart.
      const current = effectiveConfig(flags);
      requireAudiences(current, flags);
      return auditAndSend(options, current, { slot, said: log, signal });
    },
  });
  process.exit();
}

function log(message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${visible(message, 2000)}\n`);
}
