import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { ephemeralFix, walkContainers } from '../../kit/pods.ts';

const advice: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'The application must first be able to read its secrets from files; then mount the Secret as a volume and take the variables away.',
};

/** A Secret that may be missing (`optional`) counts as well: where it exists, it is in the environment. */
export const secretsAsEnv = podSpecCheck({
  id: 'secrets-as-env',
  title: 'Secrets mounted as files, not env',
  severity: 'medium',
  onNothing: 'not-applicable',
  test: (pod) =>
    walkContainers(pod).flatMap(({ container: { env = [], envFrom = [] }, field, title, ephemeral }) => {
      const fix = ephemeral ? ephemeralFix : advice;
      const variables = env.flatMap(({ name, valueFrom }) => {
        const secret = valueFrom?.secretKeyRef;
        return secret === undefined ? [] : [`${name} (${secret.name ?? 'unnamed'})`];
      });
      const whole = envFrom.flatMap(({ secretRef }) =>
        secretRef === undefined ? [] : [secretRef.name ?? 'unnamed'],
      );
      return [
        ...linuxProblem('env', variables, 'variables from Secrets'),
        ...linuxProblem('envFrom', whole, 'every key of Secrets as variables'),
      ];

      function linuxProblem(list: 'env' | 'envFrom', found: readonly string[], what: string): Problem[] {
        if (found.length === 0) return [];
        return [{ field: [...field, list], message: `The ${title} has ${what}: ${found.join(', ')}.`, fix }];
      }
    }),
});
