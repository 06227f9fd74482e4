{{- define "fogflow.nginxConf" -}}
{{- $nginx := .Values.nginx -}}
# Modules that the image brings as files; the official image has them built in.
include /etc/nginx/modules-enabled/*.conf;

worker_processes {{ $nginx.workerProcesses }};
# How long a quiet event stream may hold up the end of an old process.
worker_shutdown_timeout 20s;
error_log stderr {{ $nginx.errorLogLevel }};
pid /tmp/nginx.pid;

events {
    worker_connections {{ $nginx.workerConnections }};
    multi_accept on;
}

http {
    server_tokens off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;

    client_body_temp_path /tmp/client_body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    client_max_body_size {{ $nginx.clientMaxBodySize }};
    client_body_buffer_size 256k;
    client_header_timeout 30s;
    client_body_timeout 30s;
    large_client_header_buffers 4 16k;
    keepalive_timeout 75s;
    keepalive_requests 10000;
    reset_timedout_connection on;

    gzip on;
    gzip_vary on;
    gzip_proxied any;
    gzip_min_length 1024;
    gzip_types application/json application/ld+json application/javascript text/javascript text/css;
    {{- range $nginx.trustedProxies }}

    set_real_ip_from {{ . }};
    {{- end }}
    {{- if $nginx.trustedProxies }}
    real_ip_header X-Forwarded-For;
    real_ip_recursive on;
    {{- end }}

    log_format json escape=json '{"time":"$time_iso8601","remote":"$remote_addr","method":"$request_method","uri":"$uri",'
        '"status":$status,"bytes":$body_bytes_sent,"request_bytes":$request_length,"seconds":$request_time,'
        '"upstream":"$upstream_addr","upstream_status":"$upstream_status","upstream_seconds":"$upstream_response_time",'
        '"request_id":"$request_id","user_agent":"$http_user_agent"}';
    access_log {{ ternary "/dev/stdout json" "off" $nginx.accessLog }};
    {{- range $upstream, $port := dict "discovery" 8090 "broker" 8070 "designer" 8080 }}

    upstream {{ $upstream }} {
        server {{ include "fogflow.host" (list $ $upstream) }}:{{ $port }} max_fails=0;
        keepalive 32;
        # Shorter than a service keeps an idle connection, so that no request meets one that is just being closed.
        keepalive_timeout 20s;
    }
    {{- end }}

    server {
        listen 8080;
        {{- if $nginx.ipv6 }}
        listen [::]:8080;
        {{- end }}
        {{- if .Values.tls.secretName }}
        listen 8443 ssl{{ if .Values.tls.http2 }} http2{{ end }};
        {{- if $nginx.ipv6 }}
        listen [::]:8443 ssl{{ if .Values.tls.http2 }} http2{{ end }};
        {{- end }}
        ssl_certificate /etc/ssl/fogflow/tls.crt;
        ssl_certificate_key /etc/ssl/fogflow/tls.key;
        ssl_protocols {{ join " " .Values.tls.protocols }};
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:tls:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        {{- if .Values.tls.clientCaKey }}
        ssl_client_certificate /etc/ssl/fogflow/{{ .Values.tls.clientCaKey }};
        ssl_verify_client on;
        {{- end }}
        {{- end }}
        server_name _;
        {{- with $nginx.extraServerConfig }}
        {{- tpl . $ | nindent 8 }}
        {{- end }}
        include routes.conf;
    }
}
{{- end }}
