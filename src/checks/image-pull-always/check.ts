import { podSpecCheck } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { isFloating, parseImage } from '../../kit/images.ts';
import { ephemeralFix, walkContainers } from '../../kit/pods.ts';

export const imagePullAlways = podSpecCheck({
  id: 'image-pull-always',
  title: 'Images are always pulled',
  severity: 'low',
  onNothing: 'not-applicable',
  test: (pod) =>
    walkContainers(pod).flatMap(({ container, field: path, title, ephemeral }) => {
      const { image, imagePullPolicy } = container;
      if (image === undefined) return [];
      const parsed = parseImage(image);
      // What a digest names can be nothing else, wherever it comes from.
      if (parsed.digest !== undefined) return [];
      // The API server takes an empty one for none.
      const policy = imagePullPolicy || (isFloating(parsed) ? 'Always' : 'IfNotPresent');
      if (policy === 'Always') return [];
      const field = [...path, 'imagePullPolicy'];
      const unset = imagePullPolicy === policy ? '' : 'not set, which means ';
      return [
        {
          field,
          message: `imagePullPolicy of the ${title} is ${unset}${policy}: an image that the node already has starts without asking the registry.`,
          fix: ephemeral
            ? ephemeralFix
            : {
                risk: policy === 'Never' ? 'review' : 'safe',
                changes: [changeTo(pod, field, 'Always')],
                note: 'The registry must then answer whenever a container starts, and the Pod must be allowed to pull.',
              },
        },
      ];
    }),
});
