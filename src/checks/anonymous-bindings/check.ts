import { broadBindingsCheck } from '../../kit/broad-bindings.ts';

export const anonymousBindings = broadBindingsCheck({
  id: 'anonymous-bindings',
  title: 'No role bindings for system:anonymous',
  severity: 'critical',
  kind: 'User',
  name: 'system:anonymous',
  who: 'anyone who reaches the API server, without logging in',
  note: 'Give what is needed to those who need it first, by a binding of their own: the role of a binding cannot be changed.',
});
