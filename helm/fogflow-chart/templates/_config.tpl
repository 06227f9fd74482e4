{{/* config.json as a dictionary in JSON: what the chart knows, overridden by `config`. */}}
{{- define "fogflow.config" -}}
{{- $edge := include "fogflow.isEdge" . }}
{{- $config := dict
  "site_id" (include "fogflow.siteId" .)
  "external_hostip" (include "fogflow.externalHost" .)
  "internal_hostip" (include "fogflow.internalHost" .)
  "data_dir" "/var/lib/fogflow"
  "logging" (dict "info" "stdout" "error" "stderr" "protocol" "discard" "debug" "discard" "format" .Values.logging.format "level" .Values.logging.level)
}}
{{- with .Values.coreservice_ip }}{{ $_ := set $config "coreservice_ip" . }}{{ end }}
{{- $place := .Values.physical_location | default dict }}
{{- if not (or (kindIs "invalid" $place.latitude) (kindIs "invalid" $place.longitude)) }}
{{- /* `--set` makes text of a number with a point. */}}
{{- $_ := set $config "physical_location" (dict "latitude" (float64 $place.latitude) "longitude" (float64 $place.longitude)) }}
{{- end }}

{{- if $edge }}
{{- $_ := set $config "discovery" (dict "host_ip" .Values.coreservice_ip "http_port" (int .Values.coreservice_port)) }}
{{- else }}
{{- $_ := set $config "discovery" (dict "host_ip" (include "fogflow.host" (list . "discovery")) "http_port" 8090) }}
{{- $_ := set $config "master" (dict "host_ip" (include "fogflow.host" (list . "master")) "ngsi_agent_port" 1060 "rest_api_port" 8010) }}
{{- $_ := set $config "designer" (dict "host_ip" (include "fogflow.host" (list . "designer")) "webSrvPort" 8080 "agentPort" 1030) }}
{{- end }}

{{- $_ := set $config "broker" (dict
  "http_port" 8070
  "external_port" (include "fogflow.externalPort" . | int)
  "heartbeat_interval" (int .Values.broker.heartbeat_interval)
  "temporal" (include "fogflow.temporal" . | fromJson)
) }}

{{- $bus := dict "host_ip" (include "fogflow.rabbitmqHost" .) "port" 5672 }}
{{- if not (include "fogflow.runsRabbitmq" .) }}
{{- $external := .Values.rabbitmq.external }}
{{- $_ := set $bus "port" (int $external.port) }}
{{- $_ := set $bus "virtual_host" $external.virtualHost }}
{{- $_ := set $bus "tls" $external.tls }}
{{- end }}
{{- $_ := set $config "rabbitmq" $bus }}
{{- if include "fogflow.usesPostgresql" . }}
{{- $database := pick .Values.postgresql "database" "tls" }}
{{- $_ := set $database "host_ip" .Values.postgresql.host }}
{{- $_ := set $database "port" (int .Values.postgresql.port) }}
{{- with .Values.postgresql.username }}{{ $_ := set $database "username" . }}{{ end }}
{{- $_ := set $config "postgresql" $database }}
{{- end }}
{{- if include "fogflow.authority" (list . "broker") }}
{{- $_ := set $config "https" (dict "enabled" false "my_ca" "/etc/ssl/authority/ca.crt") }}
{{- end }}

{{- $tasks := .Values.worker.tasks }}
{{- $kubernetes := dict
  "stateful_set" (printf "%s-worker" (include "fogflow.fullname" .))
  "pool" (include "fogflow.pool" .)
  "pull_policy" $tasks.imagePullPolicy
  "image_pull_secrets" (concat (include "fogflow.pullSecretNames" . | fromJsonArray) $tasks.imagePullSecrets | uniq)
  "node_selector" ($tasks.nodeSelector | default .Values.worker.nodeSelector | default .Values.nodeSelector | default dict)
  "tolerations" ($tasks.tolerations | default .Values.worker.tolerations | default .Values.tolerations | default list)
  "affinity" ($tasks.affinity | default dict)
  "requests" (include "fogflow.quantities" $tasks.resources.requests | fromJson)
  "limits" (include "fogflow.quantities" $tasks.resources.limits | fromJson)
  "service_account" $tasks.serviceAccountName
  "labels" ($tasks.labels | default dict)
  "not_ready_seconds" (int $tasks.notReadySeconds)
}}
{{- $user := ternary nil $tasks.runAsUser .Values.openshift }}
{{- $_ := set $kubernetes "run_as_user" (kindIs "invalid" $user | ternary nil ($user | int64)) }}
{{- $_ := set $config "worker" (dict
  "container_management" .Values.worker.container_management
  "app_namespace" (include "fogflow.appNamespace" .)
  "http_port" 8100
  "capacity" (int .Values.worker.capacity)
  "heartbeat_interval" (int .Values.worker.heartbeat_interval)
  "detection_duration" (int .Values.worker.detection_duration)
  "kubernetes" $kubernetes
) }}
{{- mergeOverwrite $config (deepCopy .Values.config) | toJson }}
{{- end }}

{{- define "fogflow.temporal" -}}
{{- $temporal := dict "record" (.Values.broker.temporal.record | default list) "engine" .Values.broker.temporal.engine }}
{{- range $key := list "keep" "keep_days" "max_instances" "max_waiting" }}
{{- $_ := set $temporal $key (get $.Values.broker.temporal $key | int) }}
{{- end }}
{{- $temporal | toJson }}
{{- end }}

{{/* What a change of must restart the component: only the worker reads `worker`, only the broker what is about histories. list ROOT COMPONENT */}}
{{- define "fogflow.configChecksum" -}}
{{- $config := include "fogflow.config" (index . 0) | fromJson }}
{{- if ne (index . 1) "worker" }}{{ $config = omit $config "worker" }}{{ end }}
{{- if ne (index . 1) "broker" }}
{{- $config = omit $config "postgresql" }}
{{- $_ := set $config "broker" (omit $config.broker "temporal") }}
{{- end }}
{{- $config | toJson | sha256sum }}
{{- end }}

{{/* Amounts as text, which is how the worker reads them: YAML makes a number of `cpu: 1`. */}}
{{- define "fogflow.quantities" -}}
{{- $amounts := dict }}
{{- range $name, $amount := . }}{{ $_ := set $amounts $name (toString $amount) }}{{ end }}
{{- $amounts | toJson }}
{{- end }}
