# shellcheck shell=bash
# Files and folders that are made, each remembered with what was written, so that changes by hand are seen and kept.

# Set when a file got another content, so that services which read it are started anew only then.
changed=''

sha_of() { sha256sum "$1" | cut -d' ' -f1; }

# make_folder PATH MODE OWNER: with those above it that are missing.
make_folder() {
  local path=$1
  # A dry run remembers, but makes nothing.
  [ -d "$path" ] || { [ -n "$dry_run" ] && is_recorded folder "$path"; } || {
    [ -d "$(dirname "$path")" ] || make_folder "$(dirname "$path")" 0755 root:root
    do_it "make the folder $path" mkdir "$path"
    record folder "$path"
  }
  [ -n "$dry_run" ] || ! is_recorded folder "$path" || { chmod "$2" "$path" && chown "$3" "$path"; }
}

# write_file PATH MODE OWNER: the content is the standard input.
write_file() {
  local path=$1 new old
  new=$(mktemp)
  cat >"$new"
  old=$(detail_of file "$path")
  if [ -e "$path" ] && [ "$(sha_of "$path")" = "$(sha_of "$new")" ]; then
    say "  $path is as it should be"
    place "$new" "$@"
  elif [ ! -e "$path" ]; then
    do_it "write $path" place "$new" "$@"
  elif [ -z "$old" ]; then
    complain "$path is there and was not made by this script: move it away, or choose another folder with --dir"
    exit 1
  elif [ "$(sha_of "$path")" = "$old" ]; then
    do_it "change $path" place "$new" "$@"
  elif [ "$(sha_of "$new")" = "$old" ]; then
    say "  $path was changed by hand and is kept"
  else
    do_it "write $path.new" place "$new" "$path.new" "$2" "$3"
    say "  note  $path was changed by hand and is kept; take over what you want from $path.new"
  fi
  rm -f "$new"
}

place() { # place NEW PATH MODE OWNER
  [ -z "$dry_run" ] || return 0
  [ -e "$2" ] && [ "$(sha_of "$1")" = "$(sha_of "$2")" ] || changed=yes
  install -m "$3" -o "${4%:*}" -g "${4#*:}" "$1" "$2"
  record file "$2" "$(sha_of "$2")"
}

# fill TEMPLATE NAME=VALUE...: puts the values in place of @NAME@.
fill() {
  local template=$1 script='' pair
  shift
  for pair in "$@"; do script+="s|@${pair%%=*}@|${pair#*=}|g;"; done
  sed "$script" "$template"
}

location_line() {
  [ -z "${option[location]}" ] || printf '\\n  "physical_location": { "latitude": %s, "longitude": %s },' "${option[location]%,*}" "${option[location]#*,}"
}

# The password of RabbitMQ, made once or brought along. write_password OWNER
write_password() {
  local path=${option[dir]}/secrets/rabbitmq_password source=${option[rabbitmq-password-file]}
  make_folder "${option[dir]}/secrets" 0700 root:root
  if [ -n "$source" ]; then
    write_file "$path" 0600 "$1" < <(tr -d '\r\n' <"$source")
  elif [ ! -e "$path" ]; then
    write_file "$path" 0600 "$1" < <(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  fi
}

password() { if [ -e "${option[dir]}/secrets/rabbitmq_password" ]; then cat "${option[dir]}/secrets/rabbitmq_password"; fi; }

# Where the paths of nginx are kept, in the source tree or beside this script.
routes_file() {
  local file
  for file in "$here/../helm/fogflow-chart/files/routes.conf" "$here/nginx/routes.conf"; do
    [ ! -e "$file" ] || { echo "$file"; return; }
  done
  complain "routes.conf is missing: copy helm/fogflow-chart/files/routes.conf to $here/nginx/"
  exit 1
}

# Takes away what was made, but for secrets and data, which belong together: a new install finds both again. With --purge
# these go too.
remove_files() {
  local path kept=()
  while read -r path; do
    [ -n "$path" ] || continue
    if [[ $path == */secrets/* ]] && [ -z "$purge" ]; then
      kept+=("$path")
    elif [ ! -e "$path" ]; then
      forget file "$path"
    elif [ -z "$purge" ] && [ "$(sha_of "$path")" != "$(detail_of file "$path")" ]; then
      kept+=("$path (changed by hand)")
    else
      do_it "remove $path" rm -f "$path"
      forget file "$path"
    fi
  done < <(recorded_values file)
  while read -r path; do
    [ -n "$path" ] || continue
    if [ -n "$purge" ]; then
      do_it "remove the data in $path" rm -rf --one-file-system "$path"
      forget data "$path"
    elif [ -e "$path" ]; then
      kept+=("$path")
    fi
  done < <(recorded_values data)
  while read -r path; do
    [ -n "$path" ] || continue
    [ -d "$path" ] || { forget folder "$path"; continue; }
    [ -n "$(ls -A "$path")" ] || { do_it "remove the folder $path" rmdir "$path"; forget folder "$path"; }
  done < <(recorded_values folder | sort -r)
  [ "$with" != systemd ] || do_it "let systemd forget the units" systemctl daemon-reload
  finish_removal "${kept[@]}"
}

finish_removal() {
  local one kept=("$@")
  while read -r one; do [ -z "$one" ] || kept+=("Docker volume $one"); done < <(recorded_values volume)
  while read -r one; do [ -z "$one" ] || kept+=("the user $one"); done < <(recorded_values user)
  while read -r one; do [ -z "$one" ] || kept+=("RabbitMQ's user $one"); done < <(recorded_values login)
  if [ ${#kept[@]} -eq 0 ] && [ -n "$purge" ]; then
    say ""
    say "Everything is gone, with this state folder."
    [ -n "$dry_run" ] || { rm -f "$state/state" "$state/install.log"; rmdir "$state" 2>/dev/null || true; }
    return
  fi
  say ""
  say "Removed. These stay, for another install to take up; \`install.sh remove --purge\` takes them away:"
  [ ${#kept[@]} -eq 0 ] || printf '  %s\n' "${kept[@]}"
  say "  $state (state and log)"
}
