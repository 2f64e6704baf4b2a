#!/bin/sh
# Stands in for NVIDIA's assembler: prints the log $PTXAS_LOG, writes a file, exits with $PTXAS_STATUS.
if [ "$1" = --version ]; then
  echo 'Cuda compilation tools, release 13.0, V13.0.99'
  exit
fi
while [ $# -gt 1 ]; do
  [ "$1" != -o ] || printf 'machine code' > "$2"
  shift
done
cat "$PTXAS_LOG"
exit "${PTXAS_STATUS:-0}"
