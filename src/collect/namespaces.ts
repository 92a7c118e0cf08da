import { exit, UserError } from '../errors.ts';
import { visible } from '../text.ts';

/** For a misspelt namespace, which would be an empty one: everything passes there, and nobody may do anything. */
export const noSuchNamespace = (...names: readonly string[]): UserError =>
  new UserError(`The cluster has no namespace ${names.map((name) => `"${visible(name)}"`).join(', ')}.`, {
    hint: 'See which there are: kubectl get namespaces.',
    exitCode: exit.usage,
  });
