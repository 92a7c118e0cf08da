import { objectsOf, ofMembers } from '../kit/members.ts';
import type { Finding, ObjectRef } from '../model.ts';

/** A finding that the operator accepts, for a reason and for a time. `*` stands for any run of characters. */
export interface Exemption {
  check: string;
  namespace?: string | undefined;
  kind?: string | undefined;
  name?: string | undefined;
  reason: string;
  owner: string;
  /** The last day it holds, `YYYY-MM-DD`. */
  expires: string;
}

/** A finding, or as much of one with several members as shares its state. */
export interface Part {
  finding: Finding;
  /** Which of its members they were in the whole; the first alone where a finding is of one object. */
  members: readonly number[];
}

export type ExemptionBook = ReturnType<typeof exemptionBook>;

/** Applies the exemptions to findings, and remembers which were of use. */
export function exemptionBook(exemptions: readonly Exemption[], now: Date) {
  const today = now.toISOString().slice(0, 10);
  const entries = exemptions.map((exemption) => ({
    exemption,
    expired: exemption.expires < today,
    used: 0,
    matches: matcher(exemption),
  }));
  return {
    /**
     * The finding, marked exempt if an exemption that still holds covers it. One of several members falls apart where
     * an exemption covers only some of them: nobody exempts the others by the way.
     */
    apply(checkId: string, finding: Finding): Part[] {
      const objects = objectsOf(finding);
      const byExemption = Map.groupBy(objects.keys(), (member) => {
        const object = objects[member] ?? finding.object;
        const matching = entries.filter((entry) => entry.matches(checkId, object));
        for (const entry of matching) entry.used += 1;
        return matching.find((entry) => !entry.expired)?.exemption;
      });
      const parts = [...byExemption].toSorted(
        ([a], [b]) => Number(a !== undefined) - Number(b !== undefined),
      );
      return parts.map(([exemption, members], part) => ({
        finding: marked(byExemption.size > 1 ? partOf(finding, members, part) : finding, exemption),
        members,
      }));
    },
    /** What the operator should know: exemptions that have expired, or that no finding matched. */
    notes(): string[] {
      return entries.flatMap(({ exemption, expired, used }) => {
        const what = describe(exemption);
        if (expired)
          return [`The exemption for ${what} expired on ${exemption.expires} (owner: ${exemption.owner}).`];
        if (used === 0) return [`The exemption for ${what} matches no finding (owner: ${exemption.owner}).`];
        return [];
      });
    },
  };
}

function marked(finding: Finding, exemption: Exemption | undefined): Finding {
  if (exemption === undefined) return finding;
  const { reason, owner, expires } = exemption;
  return { ...finding, state: 'exempt', exemption: { reason, owner, expires } };
}

/** The open part keeps the identity of the whole. */
function partOf(finding: Finding, indexes: readonly number[], part: number): Finding {
  const members = indexes.flatMap((index) => finding.members?.[index] ?? []);
  return { ...ofMembers(finding, members), id: part === 0 ? finding.id : `${finding.id}-${part + 1}` };
}

function describe({ check, namespace, kind, name }: Exemption): string {
  const object = [kind, namespace === undefined ? name : `${namespace}/${name ?? '*'}`]
    .filter(Boolean)
    .join(' ');
  return object === '' ? check : `${check} on ${object}`;
}

function matcher(exemption: Exemption): (checkId: string, object: ObjectRef) => boolean {
  const check = glob(exemption.check);
  const namespace = glob(exemption.namespace);
  const kind = glob(exemption.kind);
  const name = glob(exemption.name);
  return (checkId, object) =>
    check(checkId) && namespace(object.namespace ?? '') && kind(object.kind) && name(object.name);
}

/** An absent pattern matches all. Matched piece by piece rather than by a regular expression, so it stays linear. */
function glob(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let position = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, position);
      if (found === -1) return false;
      position = found + piece.length;
    }
    return text.length - last.length >= position && text.endsWith(last);
  };
}
