/** The output formats by name: apart from the renderers, so that help and flags need not load them. */
export const formatNames = ['table', 'wide', 'json', 'html'] as const;
export type Format = (typeof formatNames)[number];
