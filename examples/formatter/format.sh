#!/bin/sh
# Formats standard input; the argument is the absolute path of its file. Without a start of Node: needs jq, and nc with -N.
jq -Rsc --arg file "$1" '{ jsonrpc: "2.0", id: 1, method: "format", params: [., $file] }' |
  nc -N -U "${FORMATTER_SOCKET:-$XDG_RUNTIME_DIR/com.example.formatter.sock}" |
  jq -ej 'if .error then "\(.error.message)\n" | halt_error(1) else .result end'
