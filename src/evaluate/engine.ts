import { admissionOf } from '../kit/admission.ts';
import type {
  Check,
  ClusterCheck,
  ClusterContext,
  ObjectCheck,
  PodContext,
  Problem,
} from '../kit/define-check.ts';
import {
  podSpecSources,
  severities,
  templateSources,
  type CheckResult,
  type Collection,
  type Finding,
  type Guidance,
  type HeldSource,
  type KubeObject,
  type PodSpec,
  type PodSink,
  type SourceName,
  type SourceOutcome,
  type Workload,
} from '../model.ts';
import { exemptionBook, type Exemption } from './exemptions.ts';
import { startFolds } from './folds.ts';
import { objectFinding, podSpecFinding } from './findings.ts';
import { namespaceResults, type Judged } from './namespaces.ts';
import { ownerResolver, refOf, type TopOwner } from './owners.ts';
import { reachFolds, reachReport } from './reach.ts';
import { assessability, conclude, type Assessability } from './status.ts';

export interface EvaluationOptions {
  checks: readonly Check[];
  guidance: (checkId: string) => Guidance;
  exemptions: readonly Exemption[];
  now: Date;
}

/** What one check has seen so far. */
interface Ledger {
  /** Every object judged, and the namespace it lies in. */
  evaluated: Map<string, Judged>;
  findings: Map<string, { finding: Finding; objectKeys: readonly string[] }>;
  /** The first crash of the check, as a sentence. */
  crash?: string;
}

const newLedger = (): Ledger => ({ evaluated: new Map(), findings: new Map() });

/**
 * Evaluates everything held at once, then the pods as they stream into the returned sink; nothing of a pod is kept
 * but what it was found guilty of. A check that throws is not assessed; nothing else is disturbed by it.
 */
export function startEvaluation(collection: Collection, options: EvaluationOptions) {
  const { held } = collection;
  const { platform, version } = collection.cluster;
  const minor = minorOf(version);
  const topOwner = ownerResolver(held);
  const podChecks = options.checks.filter((check) => check.shape === 'podSpec');
  const heldLedgers = new Map(options.checks.map((check) => [check, newLedger()]));
  // Kept apart from what is held, so that a list of pods that starts anew can be forgotten.
  let podLedgers = new Map<Check, Ledger>(podChecks.map((check) => [check, newLedger()]));

  const admission = admissionOf(held, minor, collection.outcomes);
  const clusterContext: ClusterContext = { minor, platform };
  const runnable = new Set(options.checks.filter((check) => canJudge(check, collection)));
  const folds = startFolds(
    [...runnable].filter((check) => check.shape === 'cluster'),
    held,
    reachFolds(collection.outcomes),
  );
  let previousPod: { key: string; podSpec: PodSpec | undefined; drifting: readonly Finding[] } | undefined;

  for (const source of templateSources) {
    for (const workload of held[source]) {
      if (isTemplateInUse(workload)) judgePodSpec(heldLedgers, workload);
    }
  }
  for (const check of runnable) {
    const ledger = ledgerOf(heldLedgers, check);
    guarded(
      ledger,
      () => 'the cluster',
      () => {
        if (check.shape === 'object') judgeObjects(check, ledger);
        if (check.shape === 'cluster' && check.pods === undefined) judgeCluster(check, ledger, undefined);
      },
    );
  }

  /** @returns the findings by which a Pod differs from its template */
  function judgePodSpec(
    ledgers: ReadonlyMap<Check, Ledger>,
    workload: Workload,
    owner = topOwner(workload),
  ): Finding[] {
    const { podSpec } = workload;
    if (podSpec === undefined) return [];
    const objectKey = keyOf(owner);
    const context: PodContext<HeldSource> = {
      annotations: workload.podAnnotations ?? {},
      namespace: workload.metadata.namespace ?? '',
      live: workload.kind === 'Pod',
      minor,
      platform,
      held,
    };
    const drifting: Finding[] = [];
    for (const check of podChecks) {
      if (!runnable.has(check)) continue;
      const ledger = ledgerOf(ledgers, check);
      guarded(
        ledger,
        () => nameOf(workload),
        () => {
          if (check.applies?.(podSpec, context) === false) return;
          ledger.evaluated.set(objectKey, judged(owner.ref.namespace));
          for (const problem of check.test(podSpec, context)) {
            const finding = addPodSpecFinding(check, ledger, workload, owner, problem);
            if (finding?.drift !== undefined) drifting.push(finding);
          }
        },
      );
    }
    return drifting;
  }

  /** A list has the Pods of one template side by side, and mostly alike: what was judged a moment ago is not judged again. */
  function judgePod(pod: Workload): void {
    const owner = topOwner(pod);
    const key = `${keyOf(owner)} ${shapeOf(pod)}`;
    if (previousPod?.key === key) {
      for (const { drift } of previousPod.drifting) if (drift !== undefined) drift.pods += 1;
    } else {
      previousPod = { key, podSpec: pod.podSpec, drifting: judgePodSpec(podLedgers, pod, owner) };
    }
    // Pods alike share one pod spec: what a check works out of it is worked out once.
    const { podSpec } = previousPod;
    folds.add(podSpec === undefined ? pod : { ...pod, podSpec }, owner.ref);
  }

  function judgeCluster(check: ClusterCheck, ledger: Ledger, pods: unknown): void {
    const { evaluated, problems } = check.test(held, { ...clusterContext, pods });
    for (const object of evaluated) ledger.evaluated.set(objectKey(object), judged(namespaceOf(object)));
    for (const problem of problems) record(ledger, problem.object, problem, check);
  }

  /** Findings of a template come first; a Pod's merge into them, or else are drift. */
  function addPodSpecFinding(
    check: Check,
    ledger: Ledger,
    workload: Workload,
    owner: TopOwner,
    problem: Problem,
  ): Finding | undefined {
    const finding = podSpecFinding(check, workload, owner, problem);
    const isLivePod = workload.kind === 'Pod' && owner.ref.kind !== 'Pod';
    if (isLivePod && ledgerOf(heldLedgers, check).findings.has(finding.id)) return undefined;
    const known = ledger.findings.get(finding.id);
    if (known !== undefined) {
      if (known.finding.drift !== undefined) known.finding.drift.pods += 1;
      return known.finding;
    }
    // A custom controller's template is not listed, so there is nothing the Pod could differ from.
    if (isLivePod && owner.object !== undefined) finding.drift = { pods: 1, example: workload.metadata.name };
    const again = admission.again(workload);
    if (again !== undefined) finding.admission = again;
    ledger.findings.set(finding.id, { finding, objectKeys: [keyOf(owner)] });
    return finding;
  }

  function judgeObjects(check: ObjectCheck, ledger: Ledger): void {
    for (const object of held[check.source]) {
      ledger.evaluated.set(objectKey(object), judged(namespaceOf(object)));
      for (const problem of check.test(object, held, clusterContext)) record(ledger, object, problem, check);
    }
  }

  const sink: PodSink = {
    page(pods) {
      for (const pod of pods) {
        if (pod.phase !== 'Succeeded' && pod.phase !== 'Failed') judgePod(pod);
      }
    },
    restart() {
      previousPod = undefined;
      folds.restart();
      podLedgers = new Map<Check, Ledger>(podChecks.map((check) => [check, newLedger()]));
    },
  };

  /** The results in the order of the checks, once the list of pods has ended. */
  function finish(podOutcome: SourceOutcome) {
    const outcomes: Record<SourceName, SourceOutcome> = { ...collection.outcomes, pods: podOutcome };
    for (const check of folds.checks) {
      // An unread Pod is an absence too.
      if (check.absenceCounts && podOutcome.state !== 'ok') continue;
      const ledger = ledgerOf(heldLedgers, check);
      guarded(
        ledger,
        () => 'the cluster',
        () => judgeCluster(check, ledger, folds.summaryOf(check)),
      );
    }
    const book = exemptionBook(options.exemptions, options.now);
    const judgements: { check: Check; judged: Iterable<Judged>; failed: Finding[] }[] = [];
    const checks = options.checks.map((check): CheckResult => {
      const ledger = mergeLedgers(ledgerOf(heldLedgers, check), podLedgers.get(check));
      const entries = [...ledger.findings.values()].map(({ finding, objectKeys }) => ({
        objectKeys,
        finding: book.apply(check.id, finding),
      }));
      const findings = entries.map(({ finding }) => finding).toSorted(worstFirst);
      const openObjects = new Set(
        entries.filter(({ finding }) => finding.state === 'open').flatMap(({ objectKeys }) => objectKeys),
      );
      const exemptObjects = new Set(
        entries.flatMap(({ objectKeys }) => objectKeys).filter((key) => !openObjects.has(key)),
      );
      const evaluated = ledger.evaluated.size;
      const counts = {
        evaluated,
        passed: Math.max(0, evaluated - openObjects.size - exemptObjects.size),
        failed: openObjects.size,
        exempt: exemptObjects.size,
      };
      judgements.push({ check, judged: ledger.evaluated.values(), failed: findings });
      const readable: Assessability =
        ledger.crash === undefined
          ? assessability(check, sourcesOf(check), outcomes, platform)
          : { state: 'unread', reason: ledger.crash };
      const { id, title, severity } = check;
      return {
        id,
        title,
        severity,
        ...conclude(check, counts.evaluated, findings, readable),
        guidance: options.guidance(id),
        counts,
        findings,
      };
    });
    return {
      checks,
      namespaces: namespaceResults(judgements),
      reach: reachReport(outcomes, folds),
      exemptionNotes: book.notes(),
      outcomes,
    };
  }

  return { sink, finish };
}

/** The sources a check reads. */
export function sourcesOf(check: Check): readonly SourceName[] {
  if (check.shape === 'manual') return [];
  const needs: readonly HeldSource[] = check.needs ?? [];
  if (check.shape === 'podSpec') return [...podSpecSources, ...needs];
  if (check.shape === 'object') return [check.source, ...needs];
  return check.pods === undefined ? needs : [...needs, 'pods'];
}

/** Whether a check may be run: nothing is judged against half of what it must be judged against. */
function canJudge(check: Check, { outcomes, cluster }: Collection): boolean {
  if (check.shape === 'manual' || check.platforms?.includes(cluster.platform) === false) return false;
  const needs: readonly HeldSource[] = check.needs ?? [];
  const isJudgedAgainst = check.shape !== 'cluster' || check.absenceCounts === true;
  return !isJudgedAgainst || needs.every((source) => ['ok', 'absent'].includes(outcomes[source].state));
}

/**
 * Of `v1.31.4-gke.1`. A version that is not known (manifest files) counts as the newest that the rules know, and one that
 * is older than any supported as the oldest: some rules of the Pod Security Standards began later, and what they ask is
 * no less true before.
 */
const minorOf = (version: string): number =>
  Math.max(oldestMinor, Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? newestMinor));
const oldestMinor = 24;
const newestMinor = 37;

/** Revisions that a controller has scaled to zero are history, not workloads. */
function isTemplateInUse(workload: Workload): boolean {
  const isOldRevision = workload.kind === 'ReplicaSet' && workload.metadata.controller !== undefined;
  return !(isOldRevision && workload.replicas === 0);
}

function record(ledger: Ledger, object: KubeObject, problem: Problem, check: Check): void {
  const finding = objectFinding(check, object, problem);
  if (ledger.findings.has(finding.id)) return;
  const objects = problem.members?.map((member) => member.object) ?? [object];
  ledger.findings.set(finding.id, { finding, objectKeys: objects.map(objectKey) });
}

/** The one place where what a check throws is caught. */
function guarded(ledger: Ledger, what: () => string, judge: () => void): void {
  try {
    judge();
  } catch (error) {
    ledger.crash ??= `The check crashed on ${what()}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function ledgerOf(ledgers: ReadonlyMap<Check, Ledger>, check: Check): Ledger {
  const ledger = ledgers.get(check);
  if (ledger === undefined) throw new Error(`no ledger for check ${check.id}`);
  return ledger;
}

function mergeLedgers(held: Ledger, pods: Ledger | undefined): Ledger {
  if (pods === undefined) return held;
  const crash = held.crash ?? pods.crash;
  return {
    evaluated: new Map([...held.evaluated, ...pods.evaluated]),
    findings: new Map([...held.findings, ...pods.findings]),
    ...(crash === undefined ? {} : { crash }),
  };
}

/** All that checks see of a Pod, but for the random end of the one volume name that the API server makes up. */
const shapeOf = ({ podSpec, podAnnotations }: Workload): string =>
  JSON.stringify([podSpec, podAnnotations]).replaceAll(/"kube-api-access-[a-z0-9]{5}"/g, '"kube-api-access"');

const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

const judged = (namespace: string | undefined): Judged => (namespace === undefined ? {} : { namespace });

const keyOf = ({ ref, identityName }: TopOwner): string =>
  JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, identityName]);

const objectKey = (object: KubeObject): string =>
  keyOf({ ref: refOf(object), identityName: object.metadata.name });

/** A Namespace object belongs to the namespace it is. */
const namespaceOf = (object: KubeObject): string | undefined =>
  object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;

function worstFirst(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.object.namespace ?? '', b.object.namespace ?? '') ||
    compare(a.object.kind, b.object.kind) ||
    compare(a.object.name, b.object.name) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.id, b.id)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
