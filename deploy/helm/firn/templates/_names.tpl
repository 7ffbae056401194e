{{- define "firn.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "firn.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "firn.labels" -}}
{{ include "firn.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "firn.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "firn.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What the user configures, on the address and with the token that a pod needs. */}}
{{- define "firn.config" -}}
{{- $http := dict "listen" (printf "0.0.0.0:%d" (int .Values.service.port)) "token" "${file:/run/firn/operator/token}" -}}
{{- if .Values.readerToken.secret -}}
{{- $_ := set $http "readers" (dict "monitor" "${file:/run/firn/reader/token}") -}}
{{- end -}}
{{- $config := merge (dict "http" (merge (default dict .Values.config.http) $http)) .Values.config -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "firn.scheme" -}}
{{- if (default dict .Values.config.http).tls -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{/* Whoever only looks needs no more than a reader's token. */}}
{{- define "firn.reader" -}}
{{- if .Values.readerToken.secret -}}
name: {{ .Values.readerToken.secret }}
key: {{ .Values.readerToken.key }}
{{- else -}}
{{- fail "serviceMonitor and autoscaling by keda need readerToken.secret: the Secret with a reader's token" -}}
{{- end -}}
{{- end -}}
