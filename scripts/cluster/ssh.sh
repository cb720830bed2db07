#!/bin/sh
# Starts workers on machines that share a folder: scripts/cluster/ssh.sh "HOST..." WORKERS PROGRAM ARGUMENT...
# Each host gets WORKERS processes of PROGRAM with --workers added. The folder after --run, and the program, must be there under the same
# path on every host. Logs go beside the run, RUN.HOST.NUMBER.log. HASSE_SSH is used in the place of ssh. Ends when all have ended, with the
# largest exit code; a signal is handed on, so that they save their trainings and leave.
set -u
if [ $# -lt 3 ]; then
  echo "ssh.sh: give the hosts in one argument, the number of workers on each, and the program with its arguments" >&2
  exit 2
fi
hosts="$1" each="$2"
shift 2
case "$each" in '' | *[!0-9]* | 0) echo "ssh.sh: '$each' is not a number of workers on each host; give a whole number from 1" >&2; exit 2 ;; esac
run=run previous=""
for argument in "$@"; do
  [ "$previous" = --run ] && run="$argument"
  previous="$argument"
done
# The arguments, quoted for the shell on the other side.
line=""
for argument in "$@" --workers; do line="$line '$(printf %s "$argument" | sed "s/'/'\\\\''/g")'"; done

pids=""
for host in $hosts; do
  number=1
  while [ "$number" -le "$each" ]; do
    # -tt: when this end goes, the process there gets SIGHUP, saves and leaves.
    ${HASSE_SSH:-ssh -tt -o BatchMode=yes} "$host" "cd '$(pwd)' && OMP_WAIT_POLICY=passive exec$line" > "$run.$host.$number.log" 2>&1 < /dev/null &
    pids="$pids $!"
    number=$((number + 1))
  done
done
trap 'kill -TERM $pids 2>/dev/null' INT TERM HUP
code=0
for pid in $pids; do
  wait "$pid"
  ended=$?
  while kill -0 "$pid" 2>/dev/null; do wait "$pid"; ended=$?; done  # a signal ended the waiting, not the worker
  [ "$ended" -gt "$code" ] && code=$ended
done
exit "$code"
