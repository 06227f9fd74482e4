{{/*
Names. A name that had to be cut ends in a hash of the release's name, so that two long release names stay apart.
40 characters leave room for the longest suffix within the 52 that a StatefulSet's name may have.
*/}}
{{- define "fogflow.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "fogflow.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := .Values.fullnameOverride }}
{{- if not $full }}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- end }}
{{- include "fogflow.shorten" (list $full 40) }}
{{- end }}

{{/* shorten: list NAME LENGTH */}}
{{- define "fogflow.shorten" -}}
{{- $name := index . 0 }}
{{- $length := index . 1 }}
{{- if gt (len $name) $length }}
{{- printf "%s-%s" ($name | trunc (sub $length 9 | int) | trimSuffix "-") ($name | sha256sum | trunc 8) }}
{{- else }}
{{- $name | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* A name for an object in a namespace that other releases may share. */}}
{{- define "fogflow.foreignName" -}}
{{- include "fogflow.shorten" (list (printf "%s-%s-tasks" .Release.Namespace (include "fogflow.fullname" .)) 63) }}
{{- end }}

{{- define "fogflow.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* selectorLabels: list ROOT COMPONENT */}}
{{- define "fogflow.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fogflow.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* labels: list ROOT COMPONENT */}}
{{- define "fogflow.labels" -}}
helm.sh/chart: {{ include "fogflow.chart" (index . 0) }}
{{ include "fogflow.selectorLabels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
app.kubernetes.io/part-of: fogflow
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "fogflow.annotations" -}}
{{- with .Values.commonAnnotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The host name of a Service of this release: list ROOT COMPONENT */}}
{{- define "fogflow.host" -}}
{{- $root := index . 0 }}
{{- printf "%s-%s.%s.svc" (include "fogflow.fullname" $root) (index . 1) $root.Release.Namespace }}
{{- with $root.Values.clusterDomain }}.{{ . }}{{ end }}
{{- end }}

{{- define "fogflow.isEdge" -}}
{{- if eq .Values.mode "edge" }}true{{ end }}
{{- end }}

{{- define "fogflow.runsRabbitmq" -}}
{{- if and .Values.rabbitmq.enabled (ne .Values.mode "edge") }}true{{ end }}
{{- end }}

{{/* The components of this release, as JSON. */}}
{{- define "fogflow.components" -}}
{{- if include "fogflow.isEdge" . }}
{{- list "broker" "worker" | toJson }}
{{- else }}
{{- $all := list "nginx" "discovery" "broker" "master" "worker" "designer" }}
{{- if include "fogflow.runsRabbitmq" . }}{{ $all = append $all "rabbitmq" }}{{ end }}
{{- $all | toJson }}
{{- end }}
{{- end }}

{{- define "fogflow.siteId" -}}
{{- /* The underscore, which neither name may contain, keeps `a-b` `c` and `a` `b-c` apart. */}}
{{- if .Values.site_id }}
{{- ternary .Values.site_id (int64 .Values.site_id | toString) (kindIs "string" .Values.site_id) }}
{{- else }}
{{- include "fogflow.shorten" (list (printf "%s_%s" .Release.Namespace .Release.Name) 40) }}
{{- end }}
{{- end }}

{{/* Whether the text is an IPv4 or IPv6 address. */}}
{{- define "fogflow.isIp" -}}
{{- if or (regexMatch "^[0-9]{1,3}(\\.[0-9]{1,3}){3}$" .) (regexMatch "^[0-9a-fA-F]*:[0-9a-fA-F:.]+$" .) }}true{{ end }}
{{- end }}

{{/*
Where other nodes reach this node's broker. An Ingress with TLS is not taken by itself: it usually redirects plain HTTP,
which brokers do not follow.
*/}}
{{- define "fogflow.externalHost" -}}
{{- if .Values.external_hostip }}
{{- .Values.external_hostip }}
{{- else if include "fogflow.isEdge" . }}
{{- include "fogflow.internalHost" . }}
{{- else if .Values.externalIPs }}
{{- first .Values.externalIPs }}
{{- else if .Values.nginx.service.loadBalancerIP }}
{{- .Values.nginx.service.loadBalancerIP }}
{{- else if and .Values.ingress.enabled (not .Values.ingress.tls) .Values.ingress.host }}
{{- .Values.ingress.host }}
{{- else }}
{{- include "fogflow.host" (list . "nginx") }}
{{- end }}
{{- end }}

{{- define "fogflow.externalPort" -}}
{{- if .Values.broker.external_port }}
{{- .Values.broker.external_port }}
{{- else if include "fogflow.isEdge" . }}
{{- if and (eq .Values.broker.service.type "NodePort") .Values.broker.service.nodePort .Values.external_hostip }}
{{- .Values.broker.service.nodePort }}
{{- else }}
{{- .Values.broker.service.port }}
{{- end }}
{{- else if and (eq .Values.nginx.service.type "NodePort") .Values.nginx.service.nodePorts.http .Values.external_hostip (not .Values.externalIPs) }}
{{- .Values.nginx.service.nodePorts.http }}
{{- else }}
{{- .Values.nginx.service.ports.http }}
{{- end }}
{{- end }}

{{- define "fogflow.internalHost" -}}
{{- default (include "fogflow.host" (list . "broker")) .Values.internal_hostip }}
{{- end }}

{{/* The workers that may take over each other's task pods; several releases may share the namespace of the tasks. */}}
{{- define "fogflow.pool" -}}
{{- $set := printf "%s-worker" (include "fogflow.fullname" .) }}
{{- if eq (include "fogflow.appNamespace" .) .Release.Namespace }}{{ $set }}{{ else }}{{ include "fogflow.shorten" (list (printf "%s.%s" .Release.Namespace $set) 63) }}{{ end }}
{{- end }}

{{- define "fogflow.appNamespace" -}}
{{- default .Release.Namespace .Values.worker.app_namespace }}
{{- end }}

{{/* image: list ROOT IMAGE DEFAULT_TAG */}}
{{- define "fogflow.image" -}}
{{- $root := index . 0 }}
{{- $image := index . 1 }}
{{- $global := dig "imageRegistry" "" ($root.Values.global | default dict) }}
{{- $registry := coalesce $image.registry $global $root.Values.image.registry }}
{{- with $registry }}{{ . | trimSuffix "/" }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default (index . 2) }}{{ end }}
{{- end }}

{{/* Names of pull secrets, as JSON. */}}
{{- define "fogflow.pullSecretNames" -}}
{{- $names := list }}
{{- range concat (dig "imagePullSecrets" list (.Values.global | default dict)) .Values.imagePullSecrets }}
{{- $names = append $names (kindIs "string" . | ternary . (get (kindIs "map" . | ternary . dict) "name")) }}
{{- end }}
{{- if .Values.registryCredentials.server }}
{{- $names = append $names (printf "%s-registry" (include "fogflow.fullname" .)) }}
{{- end }}
{{- $names | uniq | toJson }}
{{- end }}

{{- define "fogflow.pullSecrets" -}}
{{- with include "fogflow.pullSecretNames" . | fromJsonArray }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* serviceAccountName: list ROOT COMPONENT */}}
{{- define "fogflow.serviceAccountName" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- $account := (get $root.Values $component).serviceAccount }}
{{- if $account.create }}
{{- default (printf "%s-%s" (include "fogflow.fullname" $root) $component) $account.name }}
{{- else }}
{{- default "default" $account.name }}
{{- end }}
{{- end }}

{{/* The message bus: host, port, and the Secret with its credentials. */}}
{{- define "fogflow.rabbitmqHost" -}}
{{- if include "fogflow.runsRabbitmq" . }}
{{- include "fogflow.host" (list . "rabbitmq") }}
{{- else }}
{{- default .Values.coreservice_ip .Values.rabbitmq.external.host }}
{{- end }}
{{- end }}

{{- define "fogflow.rabbitmqExistingSecret" -}}
{{- if not (include "fogflow.runsRabbitmq" .) }}
{{- .Values.rabbitmq.external.existingSecret | default .Values.rabbitmq.auth.existingSecret }}
{{- else }}
{{- .Values.rabbitmq.auth.existingSecret }}
{{- end }}
{{- end }}

{{- define "fogflow.rabbitmqSecret" -}}
{{- include "fogflow.rabbitmqExistingSecret" . | default (printf "%s-rabbitmq" (include "fogflow.fullname" .)) }}
{{- end }}

{{- define "fogflow.rabbitmqOwnSecret" -}}
{{- if not (include "fogflow.rabbitmqExistingSecret" .) }}true{{ end }}
{{- end }}

{{/* rabbitmqKey: list ROOT "usernameKey"|"passwordKey" */}}
{{- define "fogflow.rabbitmqKey" -}}
{{- $root := index . 0 }}
{{- $key := index . 1 }}
{{- if include "fogflow.rabbitmqOwnSecret" $root }}
{{- trimSuffix "Key" $key }}
{{- else if and (not (include "fogflow.runsRabbitmq" $root)) $root.Values.rabbitmq.external.existingSecret }}
{{- get $root.Values.rabbitmq.external $key }}
{{- else }}
{{- get $root.Values.rabbitmq.auth $key }}
{{- end }}
{{- end }}

{{/* rabbitmqCredential: list ROOT "username"|"password" → the value of an environment variable */}}
{{- define "fogflow.rabbitmqCredential" -}}
valueFrom:
  secretKeyRef:
    name: {{ include "fogflow.rabbitmqSecret" (index . 0) }}
    key: {{ include "fogflow.rabbitmqKey" (list (index . 0) (printf "%sKey" (index . 1))) }}
{{- end }}

{{/* Whether the broker keeps evolutions in PostgreSQL. */}}
{{- define "fogflow.usesPostgresql" -}}
{{- if eq .Values.broker.temporal.engine "postgresql" }}true{{ end }}
{{- end }}

{{/* The Secret with the `ca.crt` that a pod trusts: of what it speaks to, else whatever there is. list ROOT COMPONENT */}}
{{- define "fogflow.authority" -}}
{{- $root := index . 0 }}
{{- $bus := ternary "" $root.Values.rabbitmq.external.caSecret (eq (include "fogflow.runsRabbitmq" $root) "true") }}
{{- $database := ternary $root.Values.postgresql.caSecret "" (eq (include "fogflow.usesPostgresql" $root) "true") }}
{{- ternary ($database | default $bus) ($bus | default $database) (eq (index . 1) "broker") }}
{{- end }}

{{/* Pod annotation that rolls pods when credentials given as values change; generated ones never change. */}}
{{- define "fogflow.credentialsChecksum" -}}
{{- list (include "fogflow.rabbitmqSecret" .) .Values.rabbitmq.auth.username .Values.rabbitmq.auth.password | toJson | sha256sum }}
{{- end }}

{{/* Whether the service may run as several pods: list ROOT COMPONENT */}}
{{- define "fogflow.severalPods" -}}
{{- $root := index . 0 }}
{{- $service := get $root.Values (index . 1) }}
{{- if or (dig "autoscaling" "enabled" false $service) (dig "keda" "enabled" false $service) (gt (int $service.replicaCount) 1) }}true{{ end }}
{{- end }}

{{- define "fogflow.scaledByOthers" -}}
{{- if or (dig "autoscaling" "enabled" false .) (dig "keda" "enabled" false .) }}true{{ end }}
{{- end }}
