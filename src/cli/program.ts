import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../assets.ts';
import { dnsLabel, dnsLabelWords } from '../config/label.ts';
import { formatNames } from '../render/formats.ts';
import { severities } from '../model.ts';
import type {
  AuditFlags,
  GateFlags,
  OutputFlags,
  ReachFlags,
  ScheduleFlags,
  SendFlags,
  WhoCanFlags,
} from './flags.ts';

const exitCodes = `
Exit codes:
  0  done                             3  a gate failed (--fail-on, --compliance-threshold)
  1  runtime error, nothing readable  4  incomplete, with --fail-on-incomplete
  2  usage or configuration error     5  a report was not delivered
  130 interrupted, 143 terminated`;

/**
 * The command line. Each command's work is imported when it is called, so that help and completion stay quick.
 * @param name what help calls the program: `passmuster` or `kubectl passmuster`
 */
export function createProgram(name: string): Command {
  const program = new Command(name)
    .description('Audits a Kubernetes cluster against CIS-style checks: does your cluster pass muster?')
    .version(version, '-V, --version', 'print the version')
    .option('--verbose', 'show where an error came from')
    .showHelpAfterError(`(${name} --help lists the commands)`)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', exitCodes)
    .exitOverride();

  audited(program.command('scan'))
    .description('audit the cluster, or manifests, and print or write the report')
    .addOption(outputOption())
    .addOption(
      new Option('--fail-on <severity>', 'exit 3 when a check of this severity or worse fails')
        .choices([...severities, 'none'])
        .default('none'),
    )
    .option('--compliance-threshold <percent>', 'exit 3 when the score is below this', percent)
    .option('--fail-on-incomplete', 'exit 4 when something could not be assessed')
    .addHelpText(
      'after',
      `
Examples:
  ${name} scan                                   # the cluster of the current context
  ${name} scan -n payments -o wide               # one namespace, with every finding
  ${name} scan -o html=report.html -o json=report.json
  kubectl get deploy,cronjob -A -o yaml | ${name} scan -f -`,
    )
    .action(async (flags: AuditFlags & OutputFlags & GateFlags) => (await import('./scan.ts')).scan(flags));

  audited(program.command('send'))
    .description('audit, or take a saved report, and mail it to the audiences of the configuration')
    .option('--report <file>', 'send this saved report (scan -o json) instead of auditing')
    .option(
      '--slot <time>',
      'the planned minute this report is for (ISO 8601); the same slot is the same mail',
    )
    .action(async (flags: SendFlags) => (await import('./send.ts')).send(flags));

  audited(program.command('schedule'))
    .description('send on the clock of the configuration, until terminated')
    .option('--schedule <cron>', 'five fields, instead of the configured schedule')
    .option('--time-zone <zone>', 'IANA time zone, instead of the configured one')
    .action(async (flags: ScheduleFlags) => (await import('./schedule.ts')).schedule(flags));

  targeted(program.command('who-can'))
    .description('who may do something, by the roles and bindings of the cluster or of manifests')
    .argument('<verb>', 'get, list, create, …, or * for any')
    .argument('<what>', 'TYPE[.GROUP][/NAME], * for any, or a path of the API server: /metrics')
    .option('-n, --namespace <name>', 'who may in this namespace; in every one if absent', namespaceName)
    .option('-A, --all-namespaces', 'in every namespace: the default')
    .option('--subresource <name>', 'exec, log, token, …')
    .addOption(
      new Option('-o, --output <format>', 'table|wide|json')
        .choices(['table', 'wide', 'json'])
        .default('table'),
    )
    .option('-q, --quiet', 'nothing on standard error but errors')
    .addHelpText(
      'after',
      `
Exit code 4 means that not all roles and bindings could be read, so that others may be allowed, too.

Examples:
  ${name} who-can get secrets                    # in each namespace
  ${name} who-can create pods --subresource exec -n payments
  ${name} who-can bind clusterroles/edit -o wide # with the rule that allows it
  ${name} who-can get /metrics`,
    )
    .action(async (verb: string, what: string, flags: WhoCanFlags) =>
      (await import('./who-can.ts')).whoCan(verb, what, flags),
    );

  targeted(program.command('reach'))
    .description(
      'what can reach a Pod and what it can reach, by the NetworkPolicies of the cluster or of manifests',
    )
    .argument('<pod>', 'POD, NAMESPACE/POD, or a template: KIND/NAME, NAMESPACE/KIND/NAME')
    .option(
      '-n, --namespace <name>',
      'where names without a namespace are; wherever there is one if absent',
      namespaceName,
    )
    .option('--from <peer>', 'whether this Pod (or workload, or IP address) can reach it')
    .option('--to <peer>', 'whether it can reach this one')
    .option('--port <port>', 'NUMBER or NAME, with /PROTOCOL if it is not TCP; all ports if absent')
    .addOption(new Option('-o, --output <format>', 'table|json').choices(['table', 'json']).default('table'))
    .option('-q, --quiet', 'nothing on standard error but errors')
    .addHelpText(
      'after',
      `
Exit code 4 means that not all could be read that the answer rests on.

Examples:
  ${name} reach web-0 -n shop                    # everything that can reach it, and that it can reach
  ${name} reach shop/web-0 --from bank/api-1 --port 8080
  ${name} reach deploy/web -n shop --to 169.254.169.254 --port 80
  ${name} reach shop/deploy/web --from deploy/api --port http -f manifests`,
    )
    .action(async (pod: string, flags: ReachFlags) => (await import('./reach.ts')).reach(pod, flags));

  program
    .command('render')
    .description('render a saved report (scan -o json) anew')
    .argument('<report>', 'file written by scan -o json')
    .addOption(outputOption())
    .option('--no-color', 'no colour')
    .action(async (file: string, flags: OutputFlags) => (await import('./render.ts')).render(file, flags));

  program
    .command('checks')
    .description('what is checked')
    .command('list')
    .description('every check, with the controls it decides in each benchmark edition')
    .addOption(new Option('-o, --output <format>', 'table|json').choices(['table', 'json']).default('table'))
    .action(async (flags: { output: 'table' | 'json' }) => (await import('./checks.ts')).list(flags));
  program
    .command('explain')
    .description('what a check looks at, why, and its test, implementation and backout plans')
    .argument('<check>', 'id of a check, from checks list')
    .action(async (id: string) => (await import('./checks.ts')).explain(id));

  const config = program.command('config').description('write or check a configuration file');
  config
    .command('init')
    .description('write a commented configuration file')
    .argument('[file]', 'where to; standard output if absent')
    .option('--force', 'replace an existing file')
    .action(async (file: string | undefined, flags: { force?: boolean }) =>
      (await import('./config.ts')).init(file, flags),
    );
  config
    .command('validate')
    .description('check a configuration file and say what it amounts to')
    .argument('<file>')
    .action(async (file: string) => (await import('./config.ts')).validate(file));

  program
    .command('version')
    .description('print the version')
    .action(() => void process.stdout.write(`${version}\n`));
  return program;
}

/** The flags that say which cluster or manifests; kubectl's mean what they mean in kubectl. */
function targeted(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'kubeconfig file; else $KUBECONFIG, ~/.kube/config or the Pod’s service account',
    )
    .option('--context <name>', 'kubeconfig context')
    .option('--cluster <name>', 'kubeconfig cluster')
    .option('--user <name>', 'kubeconfig user')
    .option('--as <user>', 'impersonate a user')
    .option('--as-group <group>', 'impersonate a group (repeatable)', collect)
    .option('--request-timeout <duration>', 'longest wait for one answer of the API server: 30s, 2m', '60s')
    .option(
      '-f, --filename <file>',
      'read manifests: a file, a directory, or - for standard input (repeatable)',
      collect,
    );
}

/** The flags that say what is audited and how. */
function audited(command: Command): Command {
  return targeted(command)
    .option('-n, --namespace <name>', 'audit this namespace only (repeatable)', namespaceNames)
    .option('-A, --all-namespaces', 'audit all namespaces: the default')
    .option('-c, --config <file>', 'configuration file')
    .option('--cluster-name <name>', 'what the report calls the cluster')
    .option('--benchmark <id>', 'benchmark edition; the one that fits the cluster if absent')
    .addOption(
      new Option('--level <level>', 'benchmark level that counts: 1, or 2 for both').choices(['1', '2']),
    )
    .option('--no-progress', 'no progress on standard error')
    .option('--no-color', 'no colour')
    .option('-q, --quiet', 'nothing on standard error but errors');
}

const outputOption = () =>
  new Option(
    '-o, --output <format[=file]>',
    `${formatNames.join('|')}, to a file with =file (repeatable); the table if nothing else goes to standard output`,
  ).argParser(collect);

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** What no namespace can be called would be an empty one, in which everything passes. */
function namespaceName(value: string): string {
  if (dnsLabel.test(value)) return value;
  throw new InvalidArgumentError(`It must be the name of one namespace: ${dnsLabelWords}.`);
}

function namespaceNames(value: string, previous: string[] | undefined): string[] {
  if (value.includes(','))
    throw new InvalidArgumentError('For several namespaces repeat -n: -n one -n other');
  return collect(namespaceName(value), previous);
}

function percent(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number <= 100) return number;
  throw new InvalidArgumentError('It must be a number from 0 to 100.');
}
