#!/usr/bin/env bash
# Installs a FogFlow node without Kubernetes, and removes it again; --help says how.
set -euo pipefail

usage() {
  cat <<'TEXT'
Installs a FogFlow node on this machine, as containers or as systemd services. Run again, with the same options or others, it
brings the node to what they say; what was given before is remembered.

  deploy/install.sh cloud [OPTION]...          nginx, discovery, broker, master, worker, designer and RabbitMQ
  deploy/install.sh edge --coreservice-ip ADDRESS --rabbitmq-password-file FILE [OPTION]...
                                               broker and worker that join the cloud node at ADDRESS
  deploy/install.sh remove [--purge]           takes away what was installed; the data only with --purge

WHAT IT IS
  --with compose|systemd      containers of a Docker engine (default), or services of this machine
  --site-id NAME              unlike any other node's; default: cloud, at the edge the host's name
  --external-ip ADDRESS       at which other nodes reach this one; default: that of the default route
  --location LAT,LON          where it stands, in degrees
  --capacity N                most task instances at once (10)
  --coreservice-ip ADDRESS    edge: the cloud node
  --coreservice-port PORT     edge: its nginx (80)
  --rabbitmq-password-file F  edge: a copy of secrets/rabbitmq_password of the cloud node
  --rabbitmq-user NAME        edge: user of the cloud's RabbitMQ (fogflow)

WHERE IT LISTENS
  --listen-ip ADDRESS         compose: for devices and other nodes (0.0.0.0)
  --http-port, --amqp-port, --broker-port, --discovery-port, --worker-port, --master-port PORT
                              80, 5672, 8070, 8090, 8100, 8010; at the edge --amqp-port is the cloud's

WHAT IT IS MADE OF
  --images local|official     compose: those of deploy/build-images, or the pinned official ones; default: local when there
  --image, --rabbitmq-image, --nginx-image NAME
                              compose: others
  --binary FILE               systemd: the program; default: the one beside this folder, or fogflow in PATH

WHERE IT GOES
  --dir DIR                   configuration and secrets (/etc/fogflow)
  --worker-data DIR           compose: the worker's folder (/var/lib/fogflow/worker)
  --project NAME              compose: project (fogflow)
  --state DIR                 state file and log (/var/lib/fogflow-install)
                              Several nodes on one machine differ in all four, and in the ports.

HOW
  --dry-run                   check, and say what would be done
  --no-start                  write everything, start nothing
  --timeout SECONDS           how long services may take to be ready (180)
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
export PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=install/state.sh
. "$here/install/state.sh"
# shellcheck source=install/checks.sh
. "$here/install/checks.sh"
# shellcheck source=install/files.sh
. "$here/install/files.sh"
# shellcheck source=install/compose.sh
. "$here/install/compose.sh"
# shellcheck source=install/systemd.sh
. "$here/install/systemd.sh"

# Options: what was given now, what was remembered, what is usual.
declare -A given=() option=()
purge='' dry_run='' start=yes state=/var/lib/fogflow-install timeout=180

role=${1:-}
case $role in
  cloud | edge | remove) shift ;;
  -h | --help | '') usage; exit 0 ;;
  *) complain "\`$role\` is not one of cloud, edge and remove; --help shows all"; exit 2 ;;
esac
while [ $# -gt 0 ]; do
  name=${1#--}
  case $1 in
    -h | --help) usage; exit 0 ;;
    --dry-run) dry_run=yes ;;
    --no-start) start='' ;;
    --purge) purge=yes ;;
    --state | --timeout | --with | --site-id | --external-ip | --location | --capacity | --coreservice-ip | --coreservice-port | \
      --rabbitmq-password-file | --rabbitmq-user | --listen-ip | --http-port | --amqp-port | --broker-port | --discovery-port | \
      --worker-port | --master-port | --images | --image | --rabbitmq-image | --nginx-image | --binary | --dir | --worker-data | --project)
      if [ $# -lt 2 ] || [[ $2 == --* ]]; then
        complain "$1 needs a value; --help shows all options"
        exit 2
      fi
      case $1 in
        --state) state=$2 ;;
        --timeout) timeout=$2 ;;
        *) given[$name]=$2 ;;
      esac
      shift
      ;;
    *) complain "unknown option \`$1\`; --help shows all"; exit 2 ;;
  esac
  shift
done

read_state
if [ "$role" = remove ]; then
  [ -n "$(recorded_values role)" ] || { complain "nothing to remove: there is no state file in $state (another folder: --state)"; exit 1; }
  begin_log "remove${purge:+ --purge}"
  with=$(recorded_values with)
  "remove_$with"
  remove_files
  exit 0
fi

before=$(recorded_values role)
if [ -n "$before" ] && [ "$before" != "$role" ]; then
  complain "this machine holds a node of role $before: \`install.sh remove\` it first, or install a second one with other --state, --dir, --project, --worker-data and ports"
  exit 1
fi
settle_options
check_options
begin_log "$role${dry_run:+ --dry-run}"
heading "Checking"
"check_${option[with]}"
check_machine
finish_checks
heading "$([ -n "$dry_run" ] && echo "What would be done" || echo Installing)"
record role "$role"
record with "${option[with]}"
remember_options
"install_${option[with]}"
