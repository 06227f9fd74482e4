# shellcheck shell=bash
# What must be there. All of it is checked before anything is changed, and all that is missing is said at once.

failures=0

pass() { say "  ok    $*"; }
warn() { say "  note  $*"; }
miss() {
  say "  FAIL  $*"
  failures=$((failures + 1))
}

finish_checks() {
  [ "$failures" -gt 0 ] || return 0
  say ""
  say "Nothing was changed. Put right the $failures point(s) marked FAIL and run this again."
  exit 1
}

# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────────
check_options() {
  local name wrong=0
  refuse() { complain "--$1: $2"; wrong=1; }
  case ${option[with]} in compose | systemd) ;; *) refuse with "must be compose or systemd, is \`${option[with]}\`" ;; esac
  case ${option[images]} in '' | local | official) ;; *) refuse images "must be local or official, is \`${option[images]}\`" ;; esac
  [[ ${option[site-id]} =~ ^[A-Za-z0-9._-]{1,200}$ ]] || refuse site-id "letters, digits, dots, - and _ only, is \`${option[site-id]}\`"
  [[ ${option[project]} =~ ^[a-z0-9][a-z0-9_-]*$ ]] || refuse project "small letters, digits, - and _ only, is \`${option[project]}\`"
  [[ ${option[rabbitmq-user]} =~ ^[A-Za-z0-9._-]+$ ]] || refuse rabbitmq-user "letters, digits, dots, - and _ only, is \`${option[rabbitmq-user]}\`"
  for name in external-ip coreservice-ip listen-ip; do
    [[ ${option[$name]} =~ ^[A-Za-z0-9.:-]*$ ]] || refuse "$name" "\`${option[$name]}\` is not an address or host name"
  done
  for name in coreservice-port http-port amqp-port broker-port discovery-port worker-port master-port; do
    [[ ${option[$name]} =~ ^[1-9][0-9]{0,4}$ ]] && [ "${option[$name]}" -le 65535 ] || refuse "$name" "\`${option[$name]}\` is not a port"
  done
  [[ ${option[capacity]} =~ ^[1-9][0-9]{0,5}$ ]] || refuse capacity "must be a whole number from 1, is \`${option[capacity]}\`"
  [[ $timeout =~ ^[1-9][0-9]{0,4}$ ]] || refuse timeout "must be a number of seconds, is \`$timeout\`"
  [[ ${option[location]} =~ ^(-?[0-9]{1,3}(\.[0-9]+)?,-?[0-9]{1,3}(\.[0-9]+)?)?$ ]] || refuse location "must be LAT,LON in degrees such as 49.4,8.7, is \`${option[location]}\`"
  for name in dir worker-data; do
    [[ ${option[$name]} =~ ^/[A-Za-z0-9._/@+-]+$ ]] || refuse "$name" "must be an absolute path without spaces, is \`${option[$name]}\`"
  done
  [ -n "${option[external-ip]}" ] || refuse external-ip "this machine has no default route to take it from: give the address at which other nodes reach it"
  if [ "$role" = edge ]; then
    [ -n "${option[coreservice-ip]}" ] || refuse coreservice-ip "required: the address of the cloud node"
  fi
  [ $wrong = 0 ] || exit 2
}

# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────
check_machine() {
  check_root
  check_password
  check_clock
  check_memory
  check_external_ip
  [ "$role" != edge ] || check_cloud
}

check_root() {
  [ "$(id -u)" != 0 ] || return 0
  if [ -n "$dry_run" ]; then warn "not root: the install itself must be run as root (sudo)"; else miss "not root: run this with sudo"; fi
}

check_password() {
  local file=${option[rabbitmq-password-file]} kept=${option[dir]}/secrets/rabbitmq_password
  if [ "$role" = cloud ]; then
    if [ -e "$kept" ]; then pass "the password of RabbitMQ is kept: $kept"; else pass "a password for RabbitMQ will be made"; fi
  elif [ -n "$file" ]; then
    if [ -s "$file" ] && [ -r "$file" ]; then pass "password of the cloud's RabbitMQ: $file"; else miss "--rabbitmq-password-file: $file is empty or cannot be read"; fi
  elif [ -e "$kept" ]; then
    pass "password of the cloud's RabbitMQ: $kept"
  else
    miss "the password of the cloud's RabbitMQ is missing: copy /etc/fogflow/secrets/rabbitmq_password from the cloud node and name it by --rabbitmq-password-file"
  fi
}

check_clock() {
  local now written
  now=$(date +%s)
  written=$(stat -c %Y "$here/install.sh")
  if [ "$now" -lt "$((written - 86400))" ]; then
    miss "the clock says $(date -d "@$now" +%F), which is before this script was written: set it (timedatectl set-ntp true)"
  elif command -v timedatectl >/dev/null && [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = no ]; then
    warn "the clock is not kept by a time server: subscriptions that expire go by it (timedatectl set-ntp true)"
  else
    pass "clock: $(date -u +%FT%TZ)"
  fi
}

check_memory() {
  local available needed
  available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
  case $role in cloud) needed=768 ;; *) needed=128 ;; esac
  if [ "$available" -ge "$needed" ]; then pass "memory: $available MiB free"; else warn "memory: $available MiB free, about $needed are used"; fi
}

check_external_ip() {
  local address=${option[external-ip]}
  if grep -qF " $address/" <<<"$(ip -o address 2>/dev/null)"; then
    pass "other nodes reach this one at $address"
  else
    warn "$address is no address of this machine's interfaces: right behind address translation or for a host name; else give --external-ip"
  fi
}

# check_space DIR MIB
check_space() {
  local folder=$1 free
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
  if [ "$free" -ge "$2" ]; then pass "disk: $free MiB free for $1"; else miss "disk: $free MiB free for $1, at least $2 are needed"; fi
}

# Addresses and ports that are listened on, as the kernel's tables have them.
listening() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { split($2, a, ":"); print a[1], a[2] }'; }

# check_port ADDRESS PORT WHAT OPTION
check_port() {
  local address=$1 port=$2 hex here_hex
  hex=$(printf '%04X' "$port")
  here_hex=$(printf '%s' "$address" | awk -F. 'NF == 4 { printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
  if listening | awk -v port="$hex" -v mine="$here_hex" \
    '$2 == port && (mine == "" || mine == "00000000" || $1 == mine || $1 ~ /^0+$/) { found = 1 } END { exit !found }'; then
    miss "port $port ($3) is taken: see who has it with \`ss -ltnp 'sport = :$port'\`, or choose another with --$4"
  else
    pass "port $port is free ($3)"
  fi
}

# reaches HOST PORT
reaches() { timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; }

check_cloud() {
  local host=${option[coreservice-ip]} port=${option[coreservice-port]} there
  if reaches "$host" "$port"; then
    pass "the cloud's nginx answers at $host:$port"
    # shellcheck disable=SC2016 # for that shell
    there=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"; printf "HEAD /ngsi9/status HTTP/1.0\r\n\r\n" >&3; sed -n "s/^[Dd]ate: //p" <&3' "$host" "$port" 2>/dev/null | tr -d '\r' | head -n 1 || true)
    there=$(date -d "${there:-x}" +%s 2>/dev/null || echo 0)
    if [ "$there" != 0 ]; then
      there=$((there - $(date +%s)))
      [ "${there#-}" -le 60 ] || warn "the clock is ${there#-} s away from the cloud's: set both by a time server"
    fi
  else
    warn "the cloud's nginx does not answer at $host:$port now: this node joins when it does"
  fi
  if reaches "$host" "${option[amqp-port]}"; then
    pass "the cloud's RabbitMQ answers at $host:${option[amqp-port]}"
  else
    warn "the cloud's RabbitMQ does not answer at $host:${option[amqp-port]} now: this node joins when it does"
  fi
}
