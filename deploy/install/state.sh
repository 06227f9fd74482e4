# shellcheck shell=bash
# What is said, logged and remembered. The state file has one line for each thing that was made: kind, value, detail,
# separated by tabs; it is written at once, so that an install that was cut off can be removed too.

records=()

complain() { echo "install.sh: $*" >&2; }

say() {
  printf '%s\n' "$*"
  log "$*"
}

log() { [ -z "${log_file:-}" ] || printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$log_file"; }

heading() {
  say ""
  say "$*"
}

begin_log() {
  [ -z "$dry_run" ] || return 0
  if ! mkdir -p "$state" 2>/dev/null || ! touch "$state/install.log" 2>/dev/null; then
    complain "cannot write to $state: run as root, or choose another folder with --state"
    exit 1
  fi
  log_file=$state/install.log
  chmod 0600 "$log_file"
  log "== install.sh $* by $(id -un)"
}

# do_it DESCRIPTION COMMAND...: what changes this machine goes through here.
do_it() {
  local description=$1
  shift
  if [ -n "$dry_run" ]; then
    say "  would $description"
    return
  fi
  say "  $description"
  log "+ $*"
  "$@" >>"$log_file" 2>&1 || {
    complain "could not $description; the end of $log_file says why:"
    tail -n 15 "$log_file" >&2
    exit 1
  }
}

read_state() { [ ! -e "$state/state" ] || mapfile -t records < <(grep -v '^#' "$state/state"); }

write_state() {
  [ -z "$dry_run" ] || return 0
  mkdir -p "$state"
  {
    echo "# What deploy/install.sh made here and was told; \`install.sh remove\` goes by it."
    [ ${#records[@]} -eq 0 ] || printf '%s\n' "${records[@]}"
  } >"$state/state.new"
  chmod 0600 "$state/state.new"
  mv "$state/state.new" "$state/state"
}

# record KIND VALUE [DETAIL]
record() {
  forget_quietly "$1" "$2"
  records+=("$1"$'\t'"$2"$'\t'"${3:-}")
  write_state
}

forget() {
  forget_quietly "$@"
  write_state
}

forget_quietly() {
  local kept=() line
  for line in "${records[@]}"; do [[ $line == "$1"$'\t'"$2"$'\t'* ]] || kept+=("$line"); done
  records=("${kept[@]}")
}

recorded_values() {
  local line
  for line in "${records[@]}"; do
    [[ $line != "$1"$'\t'* ]] || { line=${line#*$'\t'}; printf '%s\n' "${line%%$'\t'*}"; }
  done
}

is_recorded() { grep -qxF -- "$2" <<<"$(recorded_values "$1")"; }

# detail_of KIND VALUE
detail_of() {
  local line
  for line in "${records[@]}"; do [[ $line != "$1"$'\t'"$2"$'\t'* ]] || printf '%s\n' "${line##*$'\t'}"; done
}

# Given now, else given before, else usual.
settle_options() {
  local name
  option=([with]=compose [external-ip]=$(default_address) [location]='' [capacity]=10 [coreservice-ip]='' [coreservice-port]=80
    [rabbitmq-password-file]='' [rabbitmq-user]=fogflow [listen-ip]=0.0.0.0 [http-port]=80 [amqp-port]=5672 [broker-port]=8070
    [discovery-port]=8090 [worker-port]=8100 [master-port]=8010 [images]='' [image]='' [rabbitmq-image]='' [nginx-image]=''
    [binary]='' [dir]=/etc/fogflow [worker-data]=/var/lib/fogflow/worker [project]=fogflow)
  case $role in
    cloud) option[site-id]=cloud ;;
    edge) option[site-id]=$(hostname) ;;
  esac
  for name in $(recorded_values option); do option[$name]=$(detail_of option "$name"); done
  for name in "${!given[@]}"; do
    if [ "$name" = with ] && [ -n "$before" ] && [ "${given[with]}" != "$(recorded_values with)" ]; then
      complain "this node was installed --with $(recorded_values with): \`install.sh remove\` it before installing it --with ${given[with]}"
      exit 1
    fi
    option[$name]=${given[$name]}
  done
}

remember_options() {
  local name
  # A file that is read once may be gone next time.
  for name in "${!given[@]}"; do [ "$name" = rabbitmq-password-file ] || record option "$name" "${option[$name]}"; done
  # Nor is an address to change by itself.
  record option external-ip "${option[external-ip]}"
  record option site-id "${option[site-id]}"
}

default_address() {
  local route
  # No packet is sent; documentation's address stands for any in the outside world.
  route=$(ip -4 route get 192.0.2.1 2>/dev/null || true)
  sed -n 's/.* src \([0-9.]*\).*/\1/p' <<<"$route" | head -n 1
}

# What the commands that are shown need besides.
state_option() { [ "$state" = /var/lib/fogflow-install ] || echo " --state $state"; }
port_options() {
  [ "${option[http-port]}" = 80 ] || printf ' --coreservice-port %s' "${option[http-port]}"
  [ "${option[amqp-port]}" = 5672 ] || printf ' --amqp-port %s' "${option[amqp-port]}"
}
