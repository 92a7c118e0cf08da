import { podSpecCheck } from '../../kit/define-check.ts';
import { isFloating, parseImage } from '../../kit/images.ts';
import { ephemeralFix, walkContainers } from '../../kit/pods.ts';

export const imageTagPinned = podSpecCheck({
  id: 'image-tag-pinned',
  title: 'Image tag or digest pinned',
  severity: 'low',
  onNothing: 'not-applicable',
  test: (pod) =>
    walkContainers(pod).flatMap(({ container: { image }, field, title, ephemeral }) => {
      if (image === undefined) return [];
      const parsed = parseImage(image);
      if (!isFloating(parsed)) return [];
      const written = parsed.tag === undefined ? 'no tag, which means latest' : 'the tag latest';
      return [
        {
          field: [...field, 'image'],
          message: `The image of the ${title}, ${image}, has ${written}: what runs depends on when it was pulled.`,
          fix: ephemeral
            ? ephemeralFix
            : {
                action: 'none',
                risk: 'advice',
                note: 'Which version it should be is not in the object: the digest that runs now is in status.containerStatuses of its Pods.',
              },
        },
      ];
    }),
});
