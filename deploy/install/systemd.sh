# shellcheck shell=bash
# A node as services of this machine's systemd.

readonly program=/usr/local/bin/fogflow units=/etc/systemd/system

services() { if [ "$role" = cloud ]; then echo discovery broker designer master worker; else echo broker worker; fi; }

find_binary() {
  local file
  for file in "${option[binary]}" "$here/fogflow" "$here/../target/release/fogflow" "$(command -v fogflow || true)"; do
    [ -z "$file" ] || [ ! -x "$file" ] || { echo "$file"; return; }
  done
}

nginx_site() {
  if [ -d /etc/nginx/sites-available ]; then echo /etc/nginx/sites-available/fogflow.conf; else echo /etc/nginx/conf.d/fogflow.conf; fi
}

# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
check_systemd() {
  local version binary
  if [ ! -d /run/systemd/system ]; then
    miss "this machine is not run by systemd: use --with compose"
    return
  fi
  version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  if [ "$version" -ge 250 ]; then pass "systemd $version"; else miss "systemd $version is too old: 250 or newer is needed; or use --with compose"; fi
  binary=$(find_binary)
  if [ -z "$binary" ]; then
    miss "the program is missing: build it (cargo build --release) or name it by --binary"
  elif "$binary" --help >/dev/null 2>&1; then
    pass "program $binary"
  else
    miss "$binary does not run on this machine: build it for $(uname -m), or name another by --binary"
  fi
  if getent group docker >/dev/null; then
    pass "the worker is put in the group docker: whoever takes over the worker has this machine (see deploy/systemd/docker.conf)"
  else
    warn "there is no group docker: the worker runs functions, not containers (on Debian: apt-get install docker.io)"
  fi
  check_space /var/lib/fogflow 512
  if is_recorded role "$role"; then
    pass "ports: held by this node's services, which will be brought up to date"
  else
    check_ports_of_services
  fi
  [ "$role" != cloud ] || check_neighbours
}

check_ports_of_services() {
  check_port 0.0.0.0 "${option[broker-port]}" broker broker-port
  check_port 0.0.0.0 "${option[worker-port]}" worker worker-port
  [ "$role" = cloud ] || return 0
  check_port 0.0.0.0 "${option[discovery-port]}" discovery discovery-port
  check_port 0.0.0.0 "${option[master-port]}" master master-port
  check_port 0.0.0.0 8080 designer "with compose: its port is fixed with"
}

# RabbitMQ and nginx of the distribution.
check_neighbours() {
  local taken
  if ! command -v rabbitmqctl >/dev/null; then
    miss "RabbitMQ is not installed (on Debian: apt-get install rabbitmq-server)"
  elif ! rabbitmqctl -q await_startup --timeout 60 >/dev/null 2>&1; then
    miss "RabbitMQ does not run: start it (systemctl enable --now rabbitmq-server)"
  else
    pass "RabbitMQ answers"
  fi
  if ! command -v nginx >/dev/null; then
    miss "nginx is not installed (on Debian: apt-get install nginx-light)"
    return
  fi
  taken=$(grep -RlE "^[^#]*listen[^;]*\b${option[http-port]}\b[^;]*default_server" /etc/nginx/sites-enabled /etc/nginx/conf.d 2>/dev/null | grep -v /fogflow.conf || true)
  if [ -n "$taken" ]; then
    miss "nginx has a default server on port ${option[http-port]} already: take it away (rm ${taken//$'\n'/ }), or choose another port with --http-port"
  else
    pass "nginx is there"
  fi
}

# ── install ──────────────────────────────────────────────────────────────────────────────────────────────────────────
install_systemd() {
  local dir=${option[dir]} values service
  values=("SITE_ID=${option[site-id]}" "EXTERNAL_IP=${option[external-ip]}" "LOCATION=$(location_line)" "CAPACITY=${option[capacity]}"
    "CORESERVICE_IP=${option[coreservice-ip]}" "CORESERVICE_PORT=${option[coreservice-port]}" "HTTP_PORT=${option[http-port]}"
    "AMQP_PORT=${option[amqp-port]}" "BROKER_PORT=${option[broker-port]}" "DISCOVERY_PORT=${option[discovery-port]}"
    "WORKER_PORT=${option[worker-port]}" "MASTER_PORT=${option[master-port]}" "DESIGNER_PORT=8080" "RABBITMQ_USER=${option[rabbitmq-user]}" "DIR=$dir")
  getent passwd fogflow >/dev/null || {
    do_it "make the user fogflow" useradd --system --user-group --home-dir /var/lib/fogflow --no-create-home --shell /usr/sbin/nologin fogflow
    record user fogflow
  }
  make_folder "$dir" 0755 root:root
  write_password root:root
  write_file "$program" 0755 root:root <"$(find_binary)"
  write_file "$dir/config.json" 0644 root:root < <(fill "$here/systemd/config.$role.json.template" "${values[@]}")
  # What was there before is not ours to remove.
  [ -e /var/lib/fogflow ] || record data /var/lib/fogflow
  write_file "$units/fogflow@.service" 0644 root:root < <(sed "s|/etc/fogflow/|$dir/|g" "$here/systemd/fogflow@.service")
  for service in $(services); do
    case $service in master | worker | designer) write_drop_in "$service" bus < <(fill "$here/systemd/bus.conf" "${values[@]}" | sed "s|/etc/fogflow/|$dir/|g") ;; esac
  done
  if getent group docker >/dev/null; then write_drop_in worker docker <"$here/systemd/docker.conf"; fi
  if [ "$role" = cloud ]; then
    make_login
    make_site "${values[@]}"
  fi
  for service in $(services); do record unit "fogflow@$service.service"; done
  [ -n "$start" ] || { heading "Not started. To start it: systemctl daemon-reload; systemctl enable --now $(services | sed 's/[^ ]*/fogflow@&/g')"; return; }
  do_it "load the units" systemctl daemon-reload
  for service in $(services); do
    do_it "let fogflow@$service start with the machine" systemctl enable --quiet fogflow@"$service"
    do_it "start fogflow@$service" systemctl "$([ -n "$changed" ] && echo restart || echo start)" fogflow@"$service"
  done
  [ "$role" != cloud ] || [ -z "$changed" ] || do_it "make nginx take up its server" systemctl reload-or-restart nginx
  [ -n "$dry_run" ] || wait_for_services
}

write_drop_in() { # write_drop_in SERVICE NAME
  make_folder "$units/fogflow@$1.service.d" 0755 root:root
  write_file "$units/fogflow@$1.service.d/$2.conf" 0644 root:root
}

make_login() {
  local verb=add_user
  ! grep -q "^${option[rabbitmq-user]}[[:space:]]" <<<"$(rabbitmqctl -q list_users 2>/dev/null)" || verb=change_password
  do_it "give RabbitMQ the user ${option[rabbitmq-user]}" rabbitmq_login "$verb" "${option[rabbitmq-user]}"
  [ $verb = change_password ] || record login "${option[rabbitmq-user]}"
}

# The password goes by the standard input: the arguments of programs can be seen.
rabbitmq_login() {
  password | rabbitmqctl -q "$1" "$2" && rabbitmqctl -q set_permissions -p / "$2" '.*' '.*' '.*'
}

make_site() {
  local site
  site=$(nginx_site)
  write_file "${option[dir]}/routes.conf" 0644 root:root <"$(routes_file)"
  write_file "$site" 0644 root:root < <(fill "$here/nginx/fogflow.conf.template" "$@")
  case $site in
    */sites-available/*)
      [ -e /etc/nginx/sites-enabled/fogflow.conf ] || {
        do_it "enable the server in nginx" ln -s ../sites-available/fogflow.conf /etc/nginx/sites-enabled/fogflow.conf
        record link /etc/nginx/sites-enabled/fogflow.conf
      }
      ;;
  esac
  do_it "check nginx's configuration" nginx -t
}

wait_for_services() {
  local deadline=$((SECONDS + timeout)) service port path
  say "  waiting until all are ready"
  for service in $(services); do
    path=readyz
    case $service in
      designer) port=8080 ;;
      *) port=${option[$service-port]} ;;
    esac
    until "$program" probe "http://127.0.0.1:$port/$path" >/dev/null 2>&1; do
      if [ $SECONDS -ge $deadline ]; then
        complain "fogflow@$service is not ready after $timeout s; the end of \`journalctl -u fogflow@$service\`:"
        journalctl --no-pager -n 15 -u "fogflow@$service" >&2 || true
        exit 1
      fi
      sleep 1
    done
  done
  if [ "$role" = cloud ]; then
    heading "The cloud node is ready: http://${option[external-ip]}:${option[http-port]}/"
    say "  Check it:        fogflow check --url http://127.0.0.1:${option[http-port]}"
    say "  Join an edge:    copy ${option[dir]}/secrets/rabbitmq_password there, then"
    say "                   install.sh edge --coreservice-ip ${option[external-ip]}$(port_options) --rabbitmq-password-file FILE"
    say "  Firewall:        let others reach ${option[http-port]} and ${option[amqp-port]} only"
  else
    heading "The edge node is ready: its broker is http://${option[external-ip]}:${option[broker-port]}/"
    say "  It joins the cloud at ${option[coreservice-ip]}. See its worker there: curl 127.0.0.1:8010/workers"
  fi
  say "  Look at it:      systemctl status 'fogflow@*'; journalctl -u 'fogflow@*'"
  say "  Remove it:       install.sh remove$(state_option)"
}

# ── remove ───────────────────────────────────────────────────────────────────────────────────────────────────────────
remove_systemd() {
  local unit link login user tasks
  role=$(recorded_values role)
  before=$role
  settle_options
  heading Removing
  while read -r unit; do
    [ -z "$unit" ] || do_it "stop $unit" systemctl disable --now --quiet "$unit"
    forget unit "$unit"
  done < <(recorded_values unit)
  while read -r link; do
    [ -z "$link" ] || { do_it "remove $link" rm -f "$link"; forget link "$link"; }
  done < <(recorded_values link)
  tasks=$(docker ps --all --quiet --filter label=fogflow.worker="Worker.${option[site-id]}" 2>/dev/null || true)
  # shellcheck disable=SC2086 # ids have no spaces
  [ -z "$tasks" ] || do_it "remove the worker's task instances" docker rm --force --volumes $tasks
  remove_site
  [ -n "$purge" ] || return 0
  while read -r login; do
    [ -z "$login" ] || { do_it "take the user $login from RabbitMQ" rabbitmqctl -q delete_user "$login"; forget login "$login"; }
  done < <(recorded_values login)
  while read -r user; do
    [ -z "$user" ] || { do_it "remove the user $user" userdel "$user"; forget user "$user"; }
  done < <(recorded_values user)
}

# Before nginx is told, the file of its server has to be gone.
remove_site() {
  local site
  site=$(nginx_site)
  is_recorded file "$site" || return 0
  do_it "remove $site" rm -f "$site"
  forget file "$site"
  do_it "make nginx forget the server" systemctl reload-or-restart nginx
}
