# shellcheck shell=bash
# A node as containers of a Docker engine.

compose=()
bridge_ip='' docker_gid='' network='' network_lock=''

socket_path() {
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  echo "${host#unix://}"
}

in_project() { (cd "${option[dir]}" && "${compose[@]}" --project-name "${option[project]}" "$@"); }

containers_of_project() { docker ps "$@" --filter "label=com.docker.compose.project=${option[project]}"; }

find_compose() {
  local version
  if version=$(docker compose version --short 2>/dev/null); then
    compose=(docker compose)
  elif version=$(docker-compose version --short 2>/dev/null); then
    compose=(docker-compose)
  else
    return 1
  fi
  compose_version=${version#v}
}

# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
check_compose() {
  local version
  if ! command -v docker >/dev/null; then
    miss "Docker is not installed (on Debian: apt-get install docker.io docker-compose); or use --with systemd"
    return
  fi
  if ! version=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
    miss "no Docker engine answers${DOCKER_HOST:+ at $DOCKER_HOST}: start it (systemctl enable --now docker)"
    return
  fi
  case $version in
    1?.* | [0-9].*) miss "Docker engine $version is too old: 20.10 or newer is needed" ;;
    *) pass "Docker engine $version answers" ;;
  esac
  if ! find_compose; then
    miss "Compose is not installed (on Debian: apt-get install docker-compose)"
  elif [[ $compose_version =~ ^1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -lt 27 ]; then
    miss "Compose $compose_version is too old: 1.27 or newer is needed"
  else
    pass "Compose $compose_version"
  fi
  check_socket
  check_images
  check_space "$(docker info --format '{{.DockerRootDir}}')" 1024
  check_ports_of_containers
}

check_socket() {
  local socket
  socket=$(socket_path)
  if [ ! -S "$socket" ]; then
    miss "the engine is not at a socket of this machine ($socket): the worker starts tasks through one; unset DOCKER_HOST, or use --with systemd"
    return
  fi
  docker_gid=$(stat -L -c %g "$socket")
  pass "the worker gets the engine's socket by group $docker_gid: whoever takes over the worker has this machine (see docker-compose.yml)"
  bridge_ip=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}' 2>/dev/null || true)
  # An engine that has not run a container yet may not have written it down.
  [ -n "$bridge_ip" ] || bridge_ip=$(ip -4 -o address show docker0 2>/dev/null | sed -n 's|.* inet \([0-9.]*\)/.*|\1|p' | head -n 1)
  if [ -n "$bridge_ip" ]; then
    pass "tasks and services meet at $bridge_ip, Docker's bridge"
  else
    miss "Docker's default bridge has no address: it is needed for tasks (is \`bridge\` set to none in /etc/docker/daemon.json?)"
  fi
}

# image_of NAME OFFICIAL: the image that is used for fogflow, rabbitmq or nginx.
image_of() {
  local chosen
  case $1 in fogflow) chosen=${option[image]} ;; *) chosen=${option[$1-image]} ;; esac
  if [ -n "$chosen" ]; then
    echo "$chosen"
  elif [ "${option[images]}" = local ] || { [ -z "${option[images]}" ] && docker image inspect local/fogflow:dev >/dev/null 2>&1; }; then
    echo "local/$1:dev"
  else
    echo "$2"
  fi
}

official() { sed -n "s/^$1=//p" "$here/compose/cloud/.env.example"; }

check_images() {
  local names=(fogflow) name image
  [ "$role" = edge ] || names+=(rabbitmq nginx)
  fogflow_image=$(image_of fogflow "$(official FOGFLOW_IMAGE)")
  rabbitmq_image=$(image_of rabbitmq "$(official RABBITMQ_IMAGE)")
  nginx_image=$(image_of nginx "$(official NGINX_IMAGE)")
  for name in "${names[@]}"; do
    image=${name}_image
    image=${!image}
    if docker image inspect "$image" >/dev/null 2>&1; then
      pass "image $image is there"
    elif [ -n "$dry_run" ]; then
      warn "image $image is not there and would be pulled"
    elif [[ $image != local/* ]] && docker pull --quiet "$image" >/dev/null 2>&1; then
      pass "image $image was pulled"
    elif [[ $image == local/* ]]; then
      miss "image $image is not there: build it with deploy/build-images $name"
    else
      miss "image $image is neither there nor can it be pulled: build it with deploy/build-images $name and use --images local"
    fi
  done
}

check_ports_of_containers() {
  if [ -n "$(containers_of_project --quiet)" ]; then
    pass "ports: held by the containers of project ${option[project]}, which will be brought up to date"
    return
  fi
  if [ "$role" = cloud ]; then
    check_port "${option[listen-ip]}" "${option[http-port]}" nginx http-port
    check_port "${option[listen-ip]}" "${option[amqp-port]}" RabbitMQ amqp-port
    check_port "${bridge_ip:-0.0.0.0}" "${option[discovery-port]}" discovery discovery-port
    check_port "${bridge_ip:-0.0.0.0}" "${option[broker-port]}" broker broker-port
    check_port 127.0.0.1 "${option[master-port]}" master master-port
  else
    check_port "${option[listen-ip]}" "${option[broker-port]}" broker broker-port
  fi
  check_port "${bridge_ip:-0.0.0.0}" "${option[worker-port]}" worker worker-port
}

# ── install ──────────────────────────────────────────────────────────────────────────────────────────────────────────
# Networks of engines and of this machine must not overlap: the engine refuses one that does. From the choice until it is
# used no other install on this machine makes one.
choose_network() {
  local third
  if [ -z "$dry_run" ]; then
    exec {network_lock}>"$([ -d /run/lock ] && echo /run/lock || echo /tmp)/fogflow-install.lock"
    flock "$network_lock"
  fi
  network=$(sed -n 's/^FOGFLOW_NETWORK=//p' "${option[dir]}/.env" 2>/dev/null || true)
  [ -z "$network" ] || return 0
  network=172.30.83
  [ -z "$dry_run" ] || return 0
  for third in $(seq 83 120); do
    network=172.30.$third
    if ! grep -q "^172\.30\.$third\." <<<"$(ip -4 route)" && docker network create --subnet "$network.0/24" fogflow-install-probe >/dev/null 2>&1; then
      docker network rm fogflow-install-probe >/dev/null
      return 0
    fi
  done
  complain "no network of 172.30.83.0 to 172.30.120.0 is free: set FOGFLOW_NETWORK in ${option[dir]}/.env"
  exit 1
}

# Containers whose files changed are made anew: they see a file as it was when they started.
hash_of() { (cd "${option[dir]}" 2>/dev/null && cat "$@" 2>/dev/null | sha256sum | cut -c1-16) || true; }

unlock_network() {
  [ -z "$network_lock" ] || exec {network_lock}>&-
  network_lock=''
}

environment_file() {
  local line name
  declare -A value=(
    [FOGFLOW_IMAGE]=$fogflow_image [RABBITMQ_IMAGE]=$rabbitmq_image [NGINX_IMAGE]=$nginx_image
    [FOGFLOW_LISTEN_IP]=${option[listen-ip]} [FOGFLOW_HTTP_PORT]=${option[http-port]} [FOGFLOW_AMQP_PORT]=${option[amqp-port]}
    [FOGFLOW_BRIDGE_IP]=$bridge_ip [FOGFLOW_DISCOVERY_PORT]=${option[discovery-port]} [FOGFLOW_BROKER_PORT]=${option[broker-port]}
    [FOGFLOW_WORKER_PORT]=${option[worker-port]} [FOGFLOW_MASTER_PORT]=${option[master-port]} [FOGFLOW_NETWORK]=$network
    [FOGFLOW_ROUTES]=./routes.conf [FOGFLOW_WORKER_DATA]=${option[worker-data]} [RABBITMQ_USERNAME]=${option[rabbitmq-user]}
    [DOCKER_SOCKET]=$(socket_path) [DOCKER_GID]=$docker_gid
    [FOGFLOW_CONFIG_HASH]=$(hash_of config.json secrets/rabbitmq_password)
    [RABBITMQ_CONFIG_HASH]=$(hash_of secrets/rabbitmq.conf) [NGINX_CONFIG_HASH]=$(hash_of nginx.conf routes.conf))
  while read -r line; do
    name=${line%%=*}
    if [[ $line == [A-Z]*=* ]] && [ -n "${value[$name]+set}" ]; then echo "$name=${value[$name]}"; else echo "$line"; fi
  done <"$here/compose/$role/.env.example"
}

install_compose() {
  local dir=${option[dir]} from=$here/compose/$role values
  [ "$role" != cloud ] || choose_network
  values=("SITE_ID=${option[site-id]}" "EXTERNAL_IP=${option[external-ip]}" "BRIDGE_IP=$bridge_ip" "LOCATION=$(location_line)"
    "CAPACITY=${option[capacity]}" "CORESERVICE_IP=${option[coreservice-ip]}" "CORESERVICE_PORT=${option[coreservice-port]}"
    "HTTP_PORT=${option[http-port]}" "AMQP_PORT=${option[amqp-port]}" "BROKER_PORT=${option[broker-port]}"
    "DISCOVERY_PORT=${option[discovery-port]}" "WORKER_PORT=${option[worker-port]}" "NETWORK=$network")
  make_folder "$dir" 0755 root:root
  write_password 65532:65532
  write_file "$dir/config.json" 0644 root:root < <(fill "$from/config.json.template" "${values[@]}")
  if [ "$role" = cloud ]; then
    write_file "$dir/secrets/rabbitmq.conf" 0600 65532:65532 < <(fill "$from/rabbitmq.conf.template" "${values[@]}" "PASSWORD=$(password)")
    write_file "$dir/nginx.conf" 0644 root:root < <(fill "$from/nginx.conf.template" "${values[@]}")
    write_file "$dir/routes.conf" 0644 root:root <"$(routes_file)"
  fi
  write_file "$dir/docker-compose.yml" 0644 root:root <"$from/docker-compose.yml"
  write_file "$dir/.env" 0644 root:root < <(environment_file)
  make_folder "${option[worker-data]}" 0750 65532:65532
  # What was there before is not ours to remove.
  ! is_recorded folder "${option[worker-data]}" || record data "${option[worker-data]}"
  record project "${option[project]}"
  [ -n "$start" ] || { heading "Not started. To start it: cd $dir && ${compose[*]} --project-name ${option[project]} up -d"; return; }
  if [ "$role" = cloud ]; then
    # The others would find it by themselves, but pause the longer the longer they look.
    do_it "start RabbitMQ" in_project up -d rabbitmq
    unlock_network
    [ -n "$dry_run" ] || wait_until_ready "RabbitMQ is" --filter label=com.docker.compose.service=rabbitmq
  fi
  unlock_network
  do_it "start the containers of project ${option[project]}" in_project up -d --remove-orphans
  [ -z "$dry_run" ] || return 0
  local volume
  for volume in $(docker volume ls --quiet --filter "label=com.docker.compose.project=${option[project]}"); do record volume "$volume"; done
  wait_until_ready "all are"
  next_steps
}

# Asks the containers' own health checks, without waiting for the engine to do so.
wait_until_ready() { # wait_until_ready WHO [FILTER]...
  local deadline=$((SECONDS + timeout)) name ready=' ' waiting
  say "  waiting until $1 ready"
  shift
  while :; do
    waiting=()
    for name in $(containers_of_project --all --format '{{.Names}}' "$@"); do
      if [[ $ready == *" $name "* ]] || passes_its_check "$name"; then ready+="$name "; else waiting+=("$name"); fi
    done
    [ ${#waiting[@]} -gt 0 ] || break
    if [ $SECONDS -ge $deadline ]; then
      complain "not ready after $timeout s: ${waiting[*]}"
      for name in "${waiting[@]}"; do
        complain "the last lines of \`docker logs $name\`:"
        docker logs --tail 10 "$name" >&2
      done
      exit 1
    fi
    sleep 1
  done
}

passes_its_check() {
  local check
  mapfile -t check < <(docker inspect --format '{{range .Config.Healthcheck.Test}}{{println .}}{{end}}' "$1" | grep .)
  # The first word says that the others are a command.
  timeout 20 docker exec "$1" "${check[@]:1}" >/dev/null 2>&1 </dev/null
}

next_steps() {
  local dir=${option[dir]} port=''
  if [ "$role" = cloud ]; then
    [ "${option[http-port]}" = 80 ] || port=:${option[http-port]}
    heading "The cloud node is ready: http://${option[external-ip]}$port/"
    say "  Check it:        docker run --rm --network host $fogflow_image check --url http://${option[external-ip]}$port"
    say "  Join an edge:    copy $dir/secrets/rabbitmq_password there, then"
    say "                   install.sh edge --coreservice-ip ${option[external-ip]}$(port_options) --rabbitmq-password-file FILE"
  else
    heading "The edge node is ready: its broker is http://${option[external-ip]}:${option[broker-port]}/"
    say "  It joins the cloud at ${option[coreservice-ip]}. See its worker there: curl 127.0.0.1:8010/workers"
  fi
  say "  Look at it:      cd $dir && ${compose[*]} --project-name ${option[project]} ps"
  say "  Remove it:       install.sh remove$(state_option)"
}

# ── remove ───────────────────────────────────────────────────────────────────────────────────────────────────────────
remove_compose() {
  local site name tasks volume
  before=$(recorded_values role)
  role=$before
  settle_options
  option[project]=$(recorded_values project)
  heading Removing
  docker version >/dev/null 2>&1 || { complain "no Docker engine answers, and containers are to be removed: start it (systemctl start docker)"; exit 1; }
  find_compose || { complain "Compose is gone: install it again (on Debian: apt-get install docker-compose)"; exit 1; }
  if [ -e "${option[dir]}/docker-compose.yml" ] && [ -e "${option[dir]}/.env" ]; then
    do_it "stop and remove the containers of project ${option[project]}" in_project down --remove-orphans
  fi
  site=${option[site-id]}
  # What the worker started outlives it, so that it can be restarted; now nobody comes back.
  for name in $(docker ps --all --quiet --filter label=fogflow.worker="Worker.$site"); do tasks+=" $name"; done
  # shellcheck disable=SC2086 # ids have no spaces
  [ -z "${tasks:-}" ] || do_it "remove the worker's task instances" docker rm --force --volumes $tasks
  [ -n "$purge" ] || return 0
  while read -r volume; do
    [ -n "$volume" ] || continue
    ! docker volume inspect "$volume" >/dev/null 2>&1 || do_it "remove the data in Docker volume $volume" docker volume rm "$volume"
    forget volume "$volume"
  done < <(recorded_values volume)
}
