import { existsSync } from 'node:fs';
import { configTemplate } from '../config.ts';
import { exit, UserError } from '../errors.ts';
import { plural, visible } from '../text.ts';
import { readConfig } from './flags.ts';
import { writeWhole } from './output.ts';

/** `passmuster config init [FILE]`: a commented configuration that is valid as it stands. */
export function init(file: string | undefined, { force = false }: { force?: boolean }): void {
  if (file === undefined) return void process.stdout.write(configTemplate());
  if (existsSync(file) && !force) {
    throw new UserError(`${file} exists already.`, {
      exitCode: exit.usage,
      hint: 'Give another name, or --force to replace it.',
    });
  }
  writeWhole(file, [configTemplate()]);
  process.stderr.write(
    `Wrote ${visible(file)}. Edit it, then: passmuster config validate ${visible(file)}\n`,
  );
}

/** `passmuster config validate FILE`: every mistake at once, or what the configuration amounts to. */
export function validate(file: string): void {
  const config = readConfig(file);
  process.stdout.write(`${visible(file)} is valid.\n`);
  for (const { name, channel, to, namespaces } of config.audiences) {
    const scope = namespaces === undefined ? 'the whole cluster' : namespaces.join(', ');
    process.stdout.write(
      visible(`  ${name}: ${plural(to.length, 'recipient')} by ${channel}, about ${scope}`) + '\n',
    );
  }
}
