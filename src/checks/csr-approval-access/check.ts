import { accessCheck } from '../../kit/access-check.ts';

const group = 'certificates.k8s.io';

/** The API server asks for the one right to change the request, and for the other at admission. */
export const csrApprovalAccess = accessCheck({
  id: 'csr-approval-access',
  title: 'Few subjects approve certificate requests',
  severity: 'high',
  accesses: [
    {
      verbs: ['update', 'patch'],
      apiGroups: [group],
      resources: ['certificatesigningrequests/approval'],
      what: 'approve certificate requests',
    },
    { verbs: ['approve'], apiGroups: [group], resources: ['signers'], what: 'approve for signers' },
  ],
  all: true,
  expected: ['cluster-admin', 'system:controller:certificate-controller'],
  whenNamed: 'medium',
});
