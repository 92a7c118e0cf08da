import type { ApiResource } from './api-resources.ts';

/**
 * What Kubernetes serves without extensions, for manifests, where no server can be asked: plural, kind and short names.
 * From the discovery of servers 1.24 and 1.37; a test in test/cluster/who-can.test.ts holds it to both.
 */
const byGroup: readonly { group: string; namespaced?: string; clusterScoped?: string }[] = [
  {
    group: '',
    namespaced:
      'bindings/Binding configmaps/ConfigMap/cm endpoints/Endpoints/ep events/Event/ev limitranges/LimitRange/limits persistentvolumeclaims/PersistentVolumeClaim/pvc pods/Pod/po podtemplates/PodTemplate replicationcontrollers/ReplicationController/rc resourcequotas/ResourceQuota/quota secrets/Secret serviceaccounts/ServiceAccount/sa services/Service/svc',
    clusterScoped:
      'componentstatuses/ComponentStatus/cs namespaces/Namespace/ns nodes/Node/no persistentvolumes/PersistentVolume/pv',
  },
  {
    group: 'admissionregistration.k8s.io',
    clusterScoped:
      'mutatingadmissionpolicies/MutatingAdmissionPolicy mutatingadmissionpolicybindings/MutatingAdmissionPolicyBinding mutatingwebhookconfigurations/MutatingWebhookConfiguration validatingadmissionpolicies/ValidatingAdmissionPolicy validatingadmissionpolicybindings/ValidatingAdmissionPolicyBinding validatingwebhookconfigurations/ValidatingWebhookConfiguration',
  },
  {
    group: 'apiextensions.k8s.io',
    clusterScoped: 'customresourcedefinitions/CustomResourceDefinition/crd/crds',
  },
  { group: 'apiregistration.k8s.io', clusterScoped: 'apiservices/APIService' },
  {
    group: 'apps',
    namespaced:
      'controllerrevisions/ControllerRevision daemonsets/DaemonSet/ds deployments/Deployment/deploy replicasets/ReplicaSet/rs statefulsets/StatefulSet/sts',
  },
  {
    group: 'authentication.k8s.io',
    clusterScoped: 'selfsubjectreviews/SelfSubjectReview tokenreviews/TokenReview',
  },
  {
    group: 'authorization.k8s.io',
    namespaced: 'localsubjectaccessreviews/LocalSubjectAccessReview',
    clusterScoped:
      'selfsubjectaccessreviews/SelfSubjectAccessReview selfsubjectrulesreviews/SelfSubjectRulesReview subjectaccessreviews/SubjectAccessReview',
  },
  { group: 'autoscaling', namespaced: 'horizontalpodautoscalers/HorizontalPodAutoscaler/hpa' },
  { group: 'batch', namespaced: 'cronjobs/CronJob/cj jobs/Job' },
  {
    group: 'certificates.k8s.io',
    namespaced: 'podcertificaterequests/PodCertificateRequest',
    clusterScoped:
      'certificatesigningrequests/CertificateSigningRequest/csr clustertrustbundles/ClusterTrustBundle',
  },
  { group: 'coordination.k8s.io', namespaced: 'leases/Lease' },
  { group: 'discovery.k8s.io', namespaced: 'endpointslices/EndpointSlice' },
  { group: 'events.k8s.io', namespaced: 'events/Event/ev' },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    clusterScoped: 'flowschemas/FlowSchema prioritylevelconfigurations/PriorityLevelConfiguration',
  },
  {
    group: 'networking.k8s.io',
    namespaced: 'ingresses/Ingress/ing networkpolicies/NetworkPolicy/netpol',
    clusterScoped: 'ingressclasses/IngressClass ipaddresses/IPAddress/ip servicecidrs/ServiceCIDR',
  },
  { group: 'node.k8s.io', clusterScoped: 'runtimeclasses/RuntimeClass' },
  {
    group: 'policy',
    namespaced: 'poddisruptionbudgets/PodDisruptionBudget/pdb',
    clusterScoped: 'podsecuritypolicies/PodSecurityPolicy/psp',
  },
  {
    group: 'rbac.authorization.k8s.io',
    namespaced: 'rolebindings/RoleBinding roles/Role',
    clusterScoped: 'clusterrolebindings/ClusterRoleBinding clusterroles/ClusterRole',
  },
  {
    group: 'resource.k8s.io',
    namespaced: 'resourceclaims/ResourceClaim resourceclaimtemplates/ResourceClaimTemplate',
    clusterScoped: 'deviceclasses/DeviceClass devicetaintrules/DeviceTaintRule resourceslices/ResourceSlice',
  },
  { group: 'scheduling.k8s.io', clusterScoped: 'priorityclasses/PriorityClass/pc' },
  {
    group: 'storage.k8s.io',
    namespaced: 'csistoragecapacities/CSIStorageCapacity',
    clusterScoped:
      'csidrivers/CSIDriver csinodes/CSINode storageclasses/StorageClass/sc volumeattachments/VolumeAttachment volumeattributesclasses/VolumeAttributesClass/vac',
  },
  { group: 'storagemigration.k8s.io', clusterScoped: 'storageversionmigrations/StorageVersionMigration' },
];

export const builtInResources: readonly ApiResource[] = byGroup.flatMap(
  ({ group, namespaced = '', clusterScoped = '' }) => [
    ...resources(group, true, namespaced),
    ...resources(group, false, clusterScoped),
  ],
);

function resources(group: string, namespaced: boolean, list: string): ApiResource[] {
  const entries = list.split(' ').filter((entry) => entry !== '');
  return entries.map((entry) => {
    const [name = '', kind = '', ...shortNames] = entry.split('/');
    return { group, name, kind, shortNames, namespaced };
  });
}
