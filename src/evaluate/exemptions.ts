import type { Finding } from '../model.ts';

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
    /** The finding, marked exempt if an exemption that still holds covers it. */
    apply(checkId: string, finding: Finding): Finding {
      const matching = entries.filter((entry) => entry.matches(checkId, finding));
      for (const entry of matching) entry.used += 1;
      const holding = matching.find((entry) => !entry.expired);
      if (holding === undefined) return finding;
      const { reason, owner, expires } = holding.exemption;
      return { ...finding, state: 'exempt', exemption: { reason, owner, expires } };
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

function describe({ check, namespace, kind, name }: Exemption): string {
  const object = [kind, namespace === undefined ? name : `${namespace}/${name ?? '*'}`]
    .filter(Boolean)
    .join(' ');
  return object === '' ? check : `${check} on ${object}`;
}

function matcher(exemption: Exemption): (checkId: string, finding: Finding) => boolean {
  const check = glob(exemption.check);
  const namespace = glob(exemption.namespace);
  const kind = glob(exemption.kind);
  const name = glob(exemption.name);
  return (checkId, { object }) =>
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
