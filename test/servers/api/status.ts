/** The answers of an API server that are not what was asked for: `Status` objects in its own wording. */
import type { Attributes } from './access.ts';

/** Thrown by whatever answers a request; becomes the response. */
export class StatusError extends Error {
  readonly code: number;
  readonly body: object | string;

  constructor(
    code: number,
    reason: string,
    message: string,
    more: { details?: object; continue?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: more.continue === undefined ? {} : { continue: more.continue },
      status: 'Failure',
      message,
      reason,
      ...(more.details === undefined ? {} : { details: more.details }),
      code,
    };
  }
}

const group = (name: string): { group?: string } => (name === '' ? {} : { group: name });
/** `pods`, `deployments.apps` */
const qualified = (resource: string, groupName: string): string =>
  groupName === '' ? resource : `${resource}.${groupName}`;

/** The server keeps its messages from looking like HTML. */
const sanitize = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized');

export function forbidden(user: string, { verb, path, group: g, resource, namespace, name }: Attributes) {
  if (path !== undefined) {
    const message = sanitize(`User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`);
    return new StatusError(403, 'Forbidden', `forbidden: ${message}`, { details: {} });
  }
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = `${qualified(resource, g)}${name === undefined ? '' : ` ${JSON.stringify(name)}`}`;
  const message = sanitize(
    `User ${JSON.stringify(user)} cannot ${verb} resource "${resource}" in API group "${g}" ${where}`,
  );
  return new StatusError(403, 'Forbidden', `${what} is forbidden: ${message}`, {
    details: { ...(name === undefined ? {} : { name }), ...group(g), kind: resource },
  });
}

export const notFound = (resource: string, groupName: string, name: string) =>
  new StatusError(404, 'NotFound', `${qualified(resource, groupName)} ${JSON.stringify(name)} not found`, {
    details: { name, ...group(groupName), kind: resource },
  });

/** The group and version are served, the resource is not. */
export const noSuchResource = () =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', { details: {} });

export const methodNotAllowed = () =>
  new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {
      details: {},
    },
  );

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);

/** The continue token is older than the compaction; the new token goes on without the promise of one state. */
export const expired = (inconsistentToken: string) =>
  new StatusError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
    { continue: inconsistentToken },
  );
