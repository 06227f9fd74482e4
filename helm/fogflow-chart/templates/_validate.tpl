{{/* What a schema cannot say, or cannot say in words. */}}
{{- define "fogflow.validate" -}}
{{- $held := dict
  "broker" "an entity and its subscriptions live at the broker that took them; install more brokers as edge releases (mode: edge)"
  "discovery" "it keeps its registry on its own volume; a restart takes under a second and loses nothing"
  "designer" "it keeps operators, topologies and intents on its own volume; a restart takes under a second and loses nothing"
  "rabbitmq" "it runs as one node on its own volume, and running tasks go on without it; for a cluster of nodes name one with rabbitmq.enabled=false and rabbitmq.external"
}}
{{- range $component, $reason := $held }}
{{- if ne (int (get $.Values $component).replicaCount) 1 }}
{{- fail (printf "%s.replicaCount: only 1 is possible: %s" $component $reason) }}
{{- end }}
{{- end }}
{{- range $component := list "nginx" "worker" }}
{{- $service := get $.Values $component }}
{{- if and $service.autoscaling.enabled $service.keda.enabled }}
{{- fail (printf "%s.autoscaling.enabled and %s.keda.enabled: two scalers would undo each other's decisions; enable one" $component $component) }}
{{- end }}
{{- range $scaler := list (list "autoscaling" "minReplicas" "maxReplicas") (list "keda" "minReplicaCount" "maxReplicaCount") }}
{{- $values := get $service (index $scaler 0) }}
{{- if gt (int (get $values (index $scaler 1))) (int (get $values (index $scaler 2))) }}
{{- fail (printf "%s.%s.%s: must not exceed %s" $component (index $scaler 0) (index $scaler 1) (index $scaler 2)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.nginx.keda.enabled (not .Values.nginx.keda.triggers) }}
{{- fail "nginx.keda.triggers: name at least one, for example a prometheus query of the requests each second" }}
{{- end }}
{{- if include "fogflow.isEdge" . }}
{{- if not .Values.coreservice_ip }}
{{- fail "coreservice_ip: required with mode: edge; the address of the cloud, which `helm status` of the cloud's release prints" }}
{{- end }}
{{- if .Values.worker.keda.enabled }}
{{- fail "worker.keda.enabled: only in the cloud; an edge node's capacity is its own (worker.replicaCount, worker.capacity), and its worker must run for tasks to be placed there" }}
{{- end }}
{{- if and (not .Values.rabbitmq.external.existingSecret) (not .Values.rabbitmq.auth.existingSecret) (not .Values.rabbitmq.auth.password) }}
{{- fail "rabbitmq.auth.password: required with mode: edge (or rabbitmq.auth.existingSecret); the notes of the cloud's release say how to read it" }}
{{- end }}
{{- else if not .Values.rabbitmq.enabled }}
{{- if not .Values.rabbitmq.external.host }}
{{- fail "rabbitmq.external.host: required when rabbitmq.enabled is false; the host name of your RabbitMQ" }}
{{- end }}
{{- if and (not .Values.rabbitmq.external.existingSecret) (not .Values.rabbitmq.auth.existingSecret) (not .Values.rabbitmq.auth.password) }}
{{- fail "rabbitmq.external.existingSecret: required when rabbitmq.enabled is false (or rabbitmq.auth.password); the name of a Secret with a user of your RabbitMQ" }}
{{- end }}
{{- end }}
{{- if include "fogflow.usesPostgresql" . }}
{{- if not .Values.postgresql.host }}
{{- fail "postgresql.host: required when broker.temporal.engine is postgresql; the host name of your PostgreSQL" }}
{{- end }}
{{- if not .Values.postgresql.existingSecret }}
{{- fail "postgresql.existingSecret: required when broker.temporal.engine is postgresql; the name of a Secret with a user of your PostgreSQL" }}
{{- end }}
{{- end }}
{{- $place := .Values.physical_location | default dict }}
{{- if ne (kindIs "invalid" $place.latitude) (kindIs "invalid" $place.longitude) }}
{{- fail "physical_location: give both latitude and longitude, or neither" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host: required when ingress.enabled is true; the host name that leads to this cluster" }}
{{- end }}
{{- if and .Values.registryCredentials.server (not (and .Values.registryCredentials.username .Values.registryCredentials.password)) }}
{{- fail "registryCredentials: username and password are required when server is given" }}
{{- end }}
{{- end }}
