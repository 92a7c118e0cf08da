import { manualCheck } from '../../kit/define-check.ts';

/** Which registries are approved is not in the API, nor is the cloud's own list of those that nodes may pull from. */
export const imageRegistryAllowlist = manualCheck({
  id: 'image-registry-allowlist',
  title: 'Images only from approved registries',
  severity: 'medium',
  onNothing: 'not-applicable',
});
