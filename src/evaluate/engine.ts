import { setImmediate } from 'node:timers/promises';
import { admissionOf } from '../kit/admission.ts';
import type {
  Check,
  ClusterCheck,
  ClusterContext,
  ObjectCheck,
  PodContext,
  Problem,
} from '../kit/define-check.ts';
import { once } from '../kit/once.ts';
import { objectTitle } from '../kit/titles.ts';
import { templatesInUse } from '../kit/workloads.ts';
import {
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
import { identify, objectFinding, podSpecFinding } from './findings.ts';
import { addPods, guarded, keep, ledgerOf, openLedgers, type Ledger, type Ledgers } from './ledger.ts';
import { namespaceResults } from './namespaces.ts';
import { ownerResolver, refOf, type TopOwner } from './owners.ts';
import { reachFolds, reachReport } from './reach.ts';
import { canJudge, isKnown, requiredBy, unreadNamespaces, type Outcomes } from './reads.ts';
import { resultOf } from './results.ts';
import { assessability, type Assessability } from './status.ts';

export interface EvaluationOptions {
  checks: readonly Check[];
  guidance: (checkId: string) => Guidance;
  exemptions: readonly Exemption[];
  now: Date;
}

export type Evaluation = Awaited<ReturnType<typeof startEvaluation>>;

/** After so many templates whatever came over the network gets its turn. */
const templatesAtOnce = 25;

/**
 * Evaluates everything held at once, then the pods as they stream into the returned sink; nothing of a pod is kept
 * but what it was found guilty of. A check that throws is not assessed; nothing else is disturbed by it.
 */
export async function startEvaluation(collection: Collection, options: EvaluationOptions) {
  const { held } = collection;
  const { platform, version } = collection.cluster;
  const minor = minorOf(version);
  const topOwner = ownerResolver(held);
  const podChecks = options.checks.filter((check) => check.shape === 'podSpec');
  const heldLedgers = openLedgers(options.checks);
  // Kept apart from what is held, so that a list of pods that starts anew can be forgotten.
  let podLedgers = openLedgers(podChecks);

  const admission = admissionOf(held, minor, collection.outcomes);
  // One answer for all findings of a workload.
  const again = once((workload: Workload) => admission.again(workload));
  const clusterContext: ClusterContext = { minor, platform };
  const runnable = new Set(options.checks.filter((check) => canJudge(check, collection)));
  const folds = startFolds(
    [...runnable].filter((check) => check.shape === 'cluster'),
    held,
    reachFolds(collection.outcomes),
  );
  let previousPod: { key: string; podSpec: PodSpec | undefined; drifting: readonly Finding[] } | undefined;

  for (const [index, { template }] of templatesInUse(held).entries()) {
    if (index % templatesAtOnce === 0) await setImmediate();
    judgePodSpec(heldLedgers, template);
  }
  for (const check of runnable) {
    const ledger = ledgerOf(heldLedgers, check);
    guarded(
      ledger,
      () => 'the cluster',
      () => {
        if (check.shape === 'object') judgeObjects(check, ledger);
        if (check.shape === 'cluster' && check.pods === undefined)
          judgeCluster(check, ledger, undefined, collection.outcomes);
      },
    );
  }

  /** @returns the findings by which a Pod differs from its template */
  function judgePodSpec(ledgers: Ledgers, workload: Workload, owner = topOwner(workload)): Finding[] {
    const { podSpec } = workload;
    if (podSpec === undefined) return [];
    const objectKey = keyOf(owner);
    const context: PodContext<HeldSource> = {
      annotations: workload.podAnnotations ?? {},
      namespace: workload.metadata.namespace ?? '',
      live: workload.kind === 'Pod' && workload.metadata.uid !== undefined,
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
        () => objectTitle(workload),
        () => {
          if (check.applies?.(podSpec, context) === false) return;
          // Nearly every Pod's owner was judged by its template: it is not held twice.
          const known = ledgerOf(heldLedgers, check).evaluated;
          if (!known.has(objectKey)) ledger.evaluated.set(objectKey, owner.ref.namespace);
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

  function judgeCluster(check: ClusterCheck, ledger: Ledger, pods: unknown, outcomes: Outcomes): void {
    const { evaluated, problems, evidence } = check.test(held, { ...clusterContext, pods });
    if (evidence !== undefined) ledger.evidence = evidence;
    const unread = unreadNamespaces(check, outcomes);
    for (const object of evaluated) {
      const namespace = namespaceOf(object);
      if (!unread.has(namespace)) ledger.evaluated.set(objectKey(object), namespace);
    }
    for (const problem of problems) {
      if (!unread.has(namespaceOf(problem.object))) record(ledger, problem.object, problem, check);
    }
  }

  /** Findings of a template come first; a Pod's merge into them, or else are drift. */
  function addPodSpecFinding(
    check: Check,
    ledger: Ledger,
    workload: Workload,
    owner: TopOwner,
    problem: Problem,
  ): Finding | undefined {
    const id = identify(check, owner, problem);
    const isLivePod = workload.kind === 'Pod' && owner.ref.kind !== 'Pod';
    if (isLivePod && ledgerOf(heldLedgers, check).findings.has(id)) return undefined;
    const known = ledger.findings.get(id);
    if (known !== undefined) {
      if (known.finding.drift !== undefined) known.finding.drift.pods += 1;
      return known.finding;
    }
    const finding = podSpecFinding(check, id, workload, owner, problem);
    // A custom controller's template is not listed, so there is nothing the Pod could differ from.
    if (isLivePod && owner.object !== undefined) finding.drift = { pods: 1, example: workload.metadata.name };
    const answer = again(workload);
    if (answer !== undefined) finding.admission = answer;
    keep(ledger, finding, [keyOf(owner)]);
    return finding;
  }

  function judgeObjects(check: ObjectCheck, ledger: Ledger): void {
    for (const object of held[check.source]) {
      ledger.evaluated.set(objectKey(object), namespaceOf(object));
      for (const problem of check.test(object, held, clusterContext)) record(ledger, object, problem, check);
    }
  }

  const sink = {
    page(pods: Workload[]): void {
      for (const pod of pods) {
        if (pod.phase !== 'Succeeded' && pod.phase !== 'Failed') judgePod(pod);
      }
    },
    restart(): void {
      previousPod = undefined;
      folds.restart();
      podLedgers = openLedgers(podChecks);
    },
  } satisfies PodSink;

  /** The results in the order of the checks, once the list of pods has ended. */
  function finish(podOutcome: SourceOutcome) {
    const outcomes: Record<SourceName, SourceOutcome> = { ...collection.outcomes, pods: podOutcome };
    for (const check of folds.checks) {
      // An unread Pod is an absence too.
      if (check.absenceCounts === true && !isKnown(check, 'pods', podOutcome)) continue;
      const ledger = ledgerOf(heldLedgers, check);
      guarded(
        ledger,
        () => 'the cluster',
        () => judgeCluster(check, ledger, folds.summaryOf(check), outcomes),
      );
    }
    for (const [check, ledger] of podLedgers) addPods(ledgerOf(heldLedgers, check), ledger);
    const book = exemptionBook(options.exemptions, options.now);
    const checks = options.checks.map((check): CheckResult => {
      const ledger = ledgerOf(heldLedgers, check);
      const readable: Assessability =
        ledger.crash === undefined
          ? assessability(check, requiredBy(check), outcomes, platform)
          : { state: 'unread', reason: ledger.crash };
      return resultOf(check, ledger, { book, readable, guidance: options.guidance(check.id) });
    });
    const judgements = options.checks.map((check, index) => ({
      check,
      namespaces: ledgerOf(heldLedgers, check).evaluated.values(),
      failed: checks[index]?.findings ?? [],
    }));
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

/**
 * Of `v1.31.4-gke.1`. A version that is not known (manifest files) counts as the newest that the rules know, and one that
 * is older than any supported as the oldest: some rules of the Pod Security Standards began later, and what they ask is
 * no less true before.
 */
const minorOf = (version: string): number =>
  Math.max(oldestMinor, Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? newestMinor));
const oldestMinor = 24;
const newestMinor = 37;

function record(ledger: Ledger, object: KubeObject, problem: Problem, check: Check): void {
  const finding = objectFinding(check, object, problem);
  if (ledger.findings.has(finding.id)) return;
  const objects = problem.members?.map((member) => member.object) ?? [object];
  keep(ledger, finding, objects.map(objectKey));
}

/** All that checks see of a Pod, but for the random end of the one volume name that the API server makes up. */
const shapeOf = ({ podSpec, podAnnotations }: Workload): string =>
  JSON.stringify([podSpec, podAnnotations]).replaceAll(/"kube-api-access-[a-z0-9]{5}"/g, '"kube-api-access"');

const keyOf = ({ ref, identityName }: TopOwner): string =>
  JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, identityName]);

const objectKey = (object: KubeObject): string =>
  keyOf({ ref: refOf(object), identityName: object.metadata.name });

/** A Namespace object belongs to the namespace it is. */
const namespaceOf = (object: KubeObject): string | undefined =>
  object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;
