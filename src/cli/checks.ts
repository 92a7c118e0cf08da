import { catalogue, controlsInWords, entryOf } from '../catalogue.ts';
import { guidanceHeadings } from '../kit/guidance.ts';
import { plural } from '../text.ts';
import { wrap } from '../render/terminal.ts';

const widthOf = (): number => Math.min(process.stdout.columns ?? 100, 110);

/** `passmuster checks list`: every check, with the controls it decides in each edition. */
export function list({ output }: { output: 'table' | 'json' }): void {
  const entries = catalogue();
  if (output === 'json') return void process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
  const lines = entries.flatMap(({ id, severity, title, controls }) => {
    const words = controlsInWords(controls) || 'no control; reported as a further check';
    return [`${id.padEnd(26)} ${severity.padEnd(9)} ${title}`, `    ${wrap(words, widthOf(), 4)}`];
  });
  process.stdout.write(
    `${lines.join('\n')}\n${plural(entries.length, 'check')}. More: passmuster explain CHECK\n`,
  );
}

const commandsSlot = '{{commands}}';
const slotWords = '    (the report prints the commands for the object at fault here)';

/** `passmuster explain CHECK`: what it looks at and the whole of its guidance, as text. */
export function explain(id: string): void {
  const { title, severity, sources, controls, guidance } = entryOf(id);
  const facts = [
    `${id}: ${title}`,
    '',
    `Severity  ${severity}`,
    `Reads     ${wrap(sources.join(', ') || 'nothing: a person answers by the test plan', widthOf(), 10)}`,
    `Controls  ${wrap(controlsInWords(controls) || 'none', widthOf(), 10)}`,
  ];
  const sections = Object.entries(guidanceHeadings).map(([heading, part]) => {
    const words = guidance[part];
    if (typeof words === 'string') return section(heading, words);
    const { kubectl, ...platforms } = words;
    const parts = Object.entries(platforms).map(
      ([name, text]) => `On ${name.toUpperCase()}:\n\n${flow(text)}`,
    );
    return [section(heading, kubectl), ...parts].join('\n\n');
  });
  process.stdout.write(`${[facts.join('\n'), ...sections].join('\n\n')}\n`);
}

const section = (heading: string, text: string): string => `${heading.toUpperCase()}\n\n${flow(text)}`;

/** Markdown reads well as it is; only long lines of prose are broken, and code is left alone. */
function flow(markdown: string): string {
  let inCode = false;
  return markdown
    .replaceAll(commandsSlot, slotWords)
    .split('\n')
    .map((line) => {
      if (line.startsWith('```')) inCode = !inCode;
      const isProse = !inCode && !line.startsWith('```') && !line.startsWith('    ');
      return isProse ? wrap(line, widthOf(), /^(\d+\.|-) /.exec(line)?.[0].length) : line;
    })
    .join('\n')
    .trim();
}
