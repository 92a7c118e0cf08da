/** Reads the commands in Markdown and in plans, as far as it takes to tell which ones change something. */

/** The text of each fenced block. */
export const shellBlocks = (markdown: string): string[] =>
  [...markdown.matchAll(/^ *```\w*\n([^]*?)^ *```/gm)].map(([, body = '']) => body);

/** Subcommands that only read, by program. */
const reading: Readonly<Record<string, RegExp>> = {
  kubectl: /^(get|describe|explain|auth|api-resources|api-versions|version|cluster-info|events|logs|top) /,
  az: / (show|list|list-[a-z-]+|get-[a-z-]+|query) /,
  aws: / (describe|list|get)-[a-z-]+ /,
  eksctl: /^get /,
  gcloud: / (describe|list|get-[a-z-]+) /,
};

/** The commands of a shell text that do more than read. */
export const changingCommands = (shell: string): string[] =>
  shell
    .replaceAll(/\\\n/g, ' ')
    .split(/\n|&&|\|\|?|;|\$\(/)
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      // Behind xargs, sudo and the like too.
      const at = words.findIndex((word) => Object.hasOwn(reading, word));
      const program = words[at];
      if (program === undefined) return [];
      const flag = words.findIndex((word, i) => i > at && word.startsWith('-'));
      const subcommand = `${words.slice(at + 1, flag === -1 ? undefined : flag).join(' ')} `;
      return reading[program]?.test(subcommand) ? [] : [line.trim()];
    });
