import { podSpecCheck } from '../../kit/define-check.ts';
import { violations } from '../../kit/pss.ts';

export const restrictedVolumes = podSpecCheck({
  id: 'restricted-volumes',
  title: 'Only restricted volume types',
  severity: 'low',
  onNothing: 'not-applicable',
  test: (pod, context) =>
    violations('restrictedVolumes', pod, context).flatMap(({ field }) => {
      const [, step, type] = field;
      // Paths of the node have checks of their own.
      if (type === 'hostPath' || typeof type !== 'string' || typeof step !== 'object') return [];
      return [
        {
          field,
          message: `The volume ${step.where['name']} is of the type ${type}, which the restricted level of the Pod Security Standards does not allow.`,
          fix: {
            action: 'none',
            risk: 'advice',
            note: 'Its data needs another home first: a claim (persistentVolumeClaim) on a volume that an administrator, or a storage class, provides.',
          },
        },
      ];
    }),
});
