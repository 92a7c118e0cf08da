import { clusterCheck } from '../../kit/define-check.ts';
import { networkPlugins, pluginTitles } from '../../kit/network/cni.ts';

/** Which versions are current is nowhere in the API: the result is what was found, for a person to compare. */
export const cniVersionCurrent = clusterCheck({
  id: 'cni-version-current',
  title: 'CNI plugin is current',
  severity: 'low',
  onNothing: 'manual',
  otherwise: 'manual',
  platforms: ['aks'],
  needs: ['daemonSets'],
  test({ daemonSets }) {
    const plugins = networkPlugins(daemonSets);
    const remarks = new Set(plugins.flatMap(({ name, remark }) => (remark ? [` ${name}: ${remark}`] : [])));
    const found =
      plugins.length === 0
        ? 'No DaemonSet of a network plugin that is known was found.'
        : `Network plugins: ${pluginTitles(plugins).join(', ')}.${[...remarks].join('')}`;
    return {
      evaluated: plugins.map(({ daemonSet }) => daemonSet),
      problems: [],
      evidence: `${found} Compare with the releases that are supported: follow the test plan.`,
    };
  },
});
