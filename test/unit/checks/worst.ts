/** Deployments at fault in everything that a pod spec can have wrong, as far as the API takes it together. */
import { parseManifests } from '../../servers/api/manifests.ts';
import type { Raw } from './fixtures.ts';

export const worst = parseManifests(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: worst, namespace: default }
spec:
  selector: { matchLabels: { app: worst } }
  template:
    metadata:
      labels: { app: worst }
      annotations:
        container.apparmor.security.beta.kubernetes.io/privileged: unconfined
        container.apparmor.security.beta.kubernetes.io/bare: unconfined
    spec:
      hostIPC: true
      hostPID: true
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      securityContext:
        runAsNonRoot: false
        runAsUser: 0
        runAsGroup: 0
        fsGroup: 0
        supplementalGroups: [0]
        seccompProfile: { type: Unconfined }
        seLinuxOptions: { type: spc_t, user: system_u, role: system_r, level: 's0:c1,c2' }
      volumes:
        - name: socket
          hostPath: { path: /run/containerd/containerd.sock }
        - name: root
          hostPath: { path: / }
      initContainers:
        - name: setup
          image: registry.example/setup
          imagePullPolicy: IfNotPresent
          securityContext:
            runAsUser: 0
            capabilities: { add: [CAP_SYS_ADMIN, NET_RAW, SETUID], drop: [all] }
      containers:
        - name: privileged
          image: registry.example/app:latest
          imagePullPolicy: Never
          ports:
            - containerPort: 80
              hostPort: 80
          livenessProbe: { httpGet: { host: 127.0.0.1, port: 80 } }
          securityContext:
            privileged: true
            allowPrivilegeEscalation: true
            readOnlyRootFilesystem: false
            runAsNonRoot: false
            runAsUser: 0
            runAsGroup: 0
            capabilities: { add: [ALL, NET_RAW, SYS_ADMIN], drop: [KILL] }
            seccompProfile: { type: Unconfined }
            appArmorProfile: { type: Unconfined }
            seLinuxOptions: { type: super_t, user: root, role: unconfined_r }
        - name: bare
          image: registry.example/app:latest
          env:
            - name: PASSWORD
              valueFrom: { secretKeyRef: { name: login, key: password } }
---
# What the namespaces of the node rule out.
apiVersion: apps/v1
kind: Deployment
metadata: { name: worst-of-its-own, namespace: default }
spec:
  selector: { matchLabels: { app: worst-of-its-own } }
  template:
    metadata: { labels: { app: worst-of-its-own } }
    spec:
      hostUsers: false
      securityContext:
        appArmorProfile: { type: Unconfined }
        sysctls:
          - { name: kernel.msgmax, value: '65536' }
          - { name: net.core.somaxconn, value: '1024' }
      containers:
        - name: app
          image: registry.example/app:latest
          securityContext: { procMount: Unmasked }
        - name: bare
          image: registry.example/app:latest
`) as unknown as Raw[];
