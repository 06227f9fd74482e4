{{/*
What every pod of this chart has in common. All take a dict: root, component, and where said more.
A setting of the service wins over the one of the same name at the top level.
*/}}
{{- define "fogflow.setting" -}}
{{- $service := get .root.Values .component }}
{{- with get $service .key | default (get .root.Values .key) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* More keys: checksums (dict of annotations), entry (true: the external Service leads to it) */}}
{{- define "fogflow.podMetadata" -}}
{{- $service := get .root.Values .component }}
labels:
  {{- include "fogflow.selectorLabels" (list .root .component) | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: fogflow
  {{- if .entry }}
  fogflow.io/entry: "true"
  {{- end }}
  {{- with merge (dict) ($service.podLabels | default dict) (.root.Values.podLabels | default dict) (.root.Values.commonLabels | default dict) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- toYaml .checksums | nindent 2 }}
  {{- with merge (dict) ($service.podAnnotations | default dict) (.root.Values.podAnnotations | default dict) (.root.Values.commonAnnotations | default dict) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* More keys: spread (true for a service that may run as several pods) */}}
{{- define "fogflow.podSpec" -}}
{{- $root := .root }}
{{- $component := .component }}
{{- $service := get $root.Values $component }}
serviceAccountName: {{ include "fogflow.serviceAccountName" (list $root $component) }}
automountServiceAccountToken: {{ and (eq $component "worker") (eq $root.Values.worker.container_management "kubernetes") }}
# A Service called fogflow-rabbitmq would otherwise set FOGFLOW_RABBITMQ_PORT and the like.
enableServiceLinks: false
{{- with include "fogflow.pullSecrets" $root }}
{{ . }}
{{- end }}
securityContext:
  {{- include "fogflow.podSecurityContext" . | trim | nindent 2 }}
terminationGracePeriodSeconds: {{ $service.terminationGracePeriodSeconds }}
{{- range $key := list "priorityClassName" "schedulerName" }}
{{- with include "fogflow.setting" (dict "root" $root "component" $component "key" $key) }}
{{ $key }}: {{ . }}
{{- end }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" }}
{{- with include "fogflow.setting" (dict "root" $root "component" $component "key" $key) }}
{{ $key }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- $affinity := include "fogflow.setting" (dict "root" $root "component" $component "key" "affinity") }}
{{- if $affinity }}
affinity:
  {{- $affinity | nindent 2 }}
{{- else if and .spread (ne $root.Values.podAntiAffinity "none") }}
affinity:
  podAntiAffinity:
    {{- if eq $root.Values.podAntiAffinity "hard" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "fogflow.selectorLabels" (list $root $component) | nindent 12 }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "fogflow.selectorLabels" (list $root $component) | nindent 14 }}
    {{- end }}
{{- end }}
{{- if .spread }}
{{- with $service.topologySpreadConstraints | default $root.Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- if .labelSelector }}
  - {{- toYaml . | nindent 4 }}
  {{- else }}
  - {{- toYaml . | nindent 4 }}
    labelSelector:
      matchLabels:
        {{- include "fogflow.selectorLabels" (list $root $component) | nindent 8 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Fit for Pod Security `restricted`. With `openshift` the numbers are left out: there the namespace's range gives them.
*/}}
{{- define "fogflow.podSecurityContext" -}}
{{- $service := get .root.Values .component }}
{{- $context := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- if not .root.Values.openshift }}
{{- $user := int64 $service.runAsUser }}
{{- $context = merge $context (dict "runAsUser" $user "runAsGroup" $user "fsGroup" $user "fsGroupChangePolicy" "OnRootMismatch") }}
{{- end }}
{{- $context = mergeOverwrite $context (deepCopy (.root.Values.podSecurityContext | default dict)) (deepCopy ($service.podSecurityContext | default dict)) }}
{{- toYaml $context }}
{{- end }}

{{- define "fogflow.containerSecurityContext" -}}
{{- $service := get .root.Values .component }}
{{- $context := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "runAsNonRoot" true "capabilities" (dict "drop" (list "ALL")) "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- toYaml (mergeOverwrite $context (deepCopy (.root.Values.containerSecurityContext | default dict)) (deepCopy ($service.containerSecurityContext | default dict))) }}
{{- end }}

{{/* probes: startup, liveness and readiness; each may be replaced as a whole by a value of that name. More keys: startup, liveness, readiness */}}
{{- define "fogflow.probes" -}}
{{- $service := get .root.Values .component }}
{{- $given := . }}
{{- range $name := list "startup" "liveness" "readiness" }}
{{ $name }}Probe:
  {{- toYaml (get $service (printf "%sProbe" $name) | default (get $given $name)) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "fogflow.httpProbes" -}}
{{- include "fogflow.probes" (merge (dict
  "startup" (dict "httpGet" (dict "path" "/healthz" "port" "http") "periodSeconds" 1 "timeoutSeconds" 3 "failureThreshold" 120)
  "liveness" (dict "httpGet" (dict "path" "/healthz" "port" "http") "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 3)
  "readiness" (dict "httpGet" (dict "path" "/readyz" "port" "http") "periodSeconds" 3 "timeoutSeconds" 3 "failureThreshold" 2)
) .) }}
{{- end }}

{{/* A claim of the StatefulSet, or nothing when the state is not to be kept. */}}
{{- define "fogflow.volumeClaims" -}}
{{- $root := .root }}
{{- $service := get $root.Values .component }}
{{- if $root.Values.persistence.enabled -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: {{ $root.Values.persistence.whenDeleted }}
  whenScaled: {{ $root.Values.persistence.whenScaled }}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      labels:
        {{- include "fogflow.selectorLabels" (list $root .component) | nindent 8 }}
      {{- with $root.Values.persistence.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      accessModes:
        {{- toYaml $root.Values.persistence.accessModes | nindent 8 }}
      {{- $class := $service.persistence.storageClass | default $root.Values.persistence.storageClass }}
      {{- if eq $class "-" }}
      storageClassName: ""
      {{- else if $class }}
      storageClassName: {{ $class }}
      {{- end }}
      resources:
        requests:
          storage: {{ $service.persistence.size }}
{{- end }}
{{- end }}

{{/*
The StatefulSet of a FogFlow service. More keys: ports (list of name, port), bus (true when it speaks to the message bus),
numbered (true when it may run as several pods, each with an id and an address of its own).
*/}}
{{- define "fogflow.statefulSet" -}}
{{- $root := .root }}
{{- $component := .component }}
{{- $service := get $root.Values $component }}
{{- $name := printf "%s-%s" (include "fogflow.fullname" $root) $component }}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "fogflow.labels" (list $root $component) | nindent 4 }}
  {{- with include "fogflow.annotations" $root }}{{ . | nindent 2 }}{{ end }}
spec:
  {{- if not (include "fogflow.scaledByOthers" $service) }}
  replicas: {{ $service.replicaCount }}
  {{- end }}
  serviceName: {{ $name }}
  podManagementPolicy: Parallel
  revisionHistoryLimit: {{ $root.Values.revisionHistoryLimit }}
  selector:
    matchLabels:
      {{- include "fogflow.selectorLabels" (list $root $component) | nindent 6 }}
  {{- with include "fogflow.volumeClaims" . }}{{ . | nindent 2 }}{{ end }}
  template:
    metadata:
      {{- $checksums := dict "checksum/config" (include "fogflow.configChecksum" (list $root $component)) }}
      {{- if .bus }}{{ $_ := set $checksums "checksum/credentials" (include "fogflow.credentialsChecksum" $root) }}{{ end }}
      {{- include "fogflow.podMetadata" (dict "root" $root "component" $component "checksums" $checksums) | trim | nindent 6 }}
    spec:
      {{- include "fogflow.podSpec" (dict "root" $root "component" $component "spread" .numbered) | trim | nindent 6 }}
      containers:
        - name: {{ $component }}
          image: {{ include "fogflow.image" (list $root $root.Values.image $root.Chart.AppVersion) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args:
            - {{ $component }}
            - -f
            - /etc/fogflow/config.json
            {{- with $service.extraArgs }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with include "fogflow.environment" . | trim }}
          env:
            {{- . | nindent 12 }}
          {{- end }}
          {{- with $service.extraEnvFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            {{- range .ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
              protocol: TCP
            {{- end }}
          {{- include "fogflow.httpProbes" (dict "root" $root "component" $component) | trim | nindent 10 }}
          resources:
            {{- toYaml $service.resources | nindent 12 }}
          securityContext:
            {{- include "fogflow.containerSecurityContext" (dict "root" $root "component" $component) | trim | nindent 12 }}
          volumeMounts:
            - name: config
              mountPath: /etc/fogflow
              readOnly: true
            - name: data
              mountPath: /var/lib/fogflow
            - name: tmp
              mountPath: /tmp
            {{- if include "fogflow.authority" (list $root $component) }}
            - name: authority
              mountPath: /etc/ssl/authority
              readOnly: true
            {{- end }}
            {{- with $service.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: {{ include "fogflow.fullname" $root }}-config
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
        {{- if not $root.Values.persistence.enabled }}
        - name: data
          emptyDir: {}
        {{- end }}
        {{- with include "fogflow.authority" (list $root $component) }}
        - name: authority
          secret:
            secretName: {{ . }}
            items:
              - key: ca.crt
                path: ca.crt
        {{- end }}
        {{- with $service.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* More keys as of fogflow.statefulSet. */}}
{{- define "fogflow.environment" -}}
{{- $root := .root }}
{{- $service := get $root.Values .component }}
{{- if .numbered }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
# The number in the pod's name makes the service's id; its own name in DNS is what it announces of itself.
- name: FOGFLOW_INSTANCE
  value: $(POD_NAME)
- name: FOGFLOW_HOST
  value: $(POD_NAME).{{ include "fogflow.host" (list $root .component) }}
{{- end }}
{{- if eq .component "worker" }}
# Task pods would like to be near it.
- name: FOGFLOW_NODE
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- end }}
{{- if .bus }}
- name: FOGFLOW_RABBITMQ_USERNAME
  {{- include "fogflow.rabbitmqCredential" (list $root "username") | nindent 2 }}
- name: FOGFLOW_RABBITMQ_PASSWORD
  {{- include "fogflow.rabbitmqCredential" (list $root "password") | nindent 2 }}
{{- end }}
{{- if and (eq .component "broker") (include "fogflow.usesPostgresql" $root) }}
{{- $database := $root.Values.postgresql }}
{{- if not $database.username }}
- name: FOGFLOW_POSTGRESQL_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $database.existingSecret }}
      key: {{ $database.usernameKey }}
{{- end }}
- name: FOGFLOW_POSTGRESQL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $database.existingSecret }}
      key: {{ $database.passwordKey }}
{{- end }}
{{- with concat ($root.Values.extraEnv | default list) ($service.extraEnv | default list) }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
A Service inside the cluster. More keys: ports (list of name, port), headless (each pod gets a name of its own, also before
it is ready, since what it announces must resolve at once).
*/}}
{{- define "fogflow.service" -}}
{{- $root := .root }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "fogflow.fullname" $root }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "fogflow.labels" (list $root .component) | nindent 4 }}
    fogflow.io/metrics: "true"
  {{- with include "fogflow.annotations" $root }}{{ . | nindent 2 }}{{ end }}
spec:
  type: ClusterIP
  {{- if .headless }}
  clusterIP: None
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    {{- include "fogflow.selectorLabels" (list $root .component) | nindent 4 }}
  ports:
    {{- range .ports }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .name }}
      protocol: TCP
      {{- with .appProtocol }}
      appProtocol: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}
