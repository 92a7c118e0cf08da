import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const advice =
  'No Chromium found. Install it (Debian: apt-get install chromium) or name its executable in CHROMIUM.';

/** The executable to drive: that of the variable CHROMIUM, else the first on the PATH. */
function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [
    ...(process.env['CHROMIUM'] ? [process.env['CHROMIUM']] : []),
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return candidates.find((path) => existsSync(path));
}

const executablePath = findChromium();
if (executablePath === undefined) process.stderr.write(`${advice}\n`);

/** Whether the browser suite can run. In continuous integration it must: there `launchChromium` fails instead. */
export const hasChromium = executablePath !== undefined || process.env['CI'] === 'true';

/** Starts Chromium without anything that reaches for the network by itself. */
export async function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(advice);
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
