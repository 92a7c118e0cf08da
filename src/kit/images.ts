/** The parts of an image reference, as the container runtime completes them. */
export interface ImageReference {
  /** Host, with the port if it has one: `docker.io` where the reference names none. */
  registry: string;
  repository: string;
  /** As written: where neither tag nor digest is, the runtime takes `latest`. */
  tag?: string;
  /** `sha256:…`; it decides, whatever the tag says. */
  digest?: string;
}

/** Takes a reference apart. A colon before the last slash belongs to the port of the registry, never to a tag. */
export function parseImage(reference: string): ImageReference {
  const [name = '', digest] = reference.split('@', 2);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const [path, tag] = colon === -1 ? [name] : [name.slice(0, colon), name.slice(colon + 1)];
  return {
    ...placeOf(path),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** What stands before the first slash is a host only if it could be no folder of Docker Hub. */
function placeOf(path: string): Pick<ImageReference, 'registry' | 'repository'> {
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const [registry, repository] = isHost ? [first, path.slice(slash + 1)] : ['docker.io', path];
  if (registry !== 'docker.io' && registry !== 'index.docker.io') return { registry, repository };
  return {
    registry: 'docker.io',
    repository: repository.includes('/') ? repository : `library/${repository}`,
  };
}

/** Whether another image may stand under the same reference tomorrow without anybody meaning it: no tag, or `latest`. */
export const isFloating = ({ tag = 'latest', digest }: ImageReference): boolean =>
  digest === undefined && tag === 'latest';
