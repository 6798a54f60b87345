#!/usr/bin/env bash
# The peer that our ordering benchmark stands beside: CometBFT's own kvstore, load generator and latency report, run as
# separate processes on loopback addresses. Prints progress to stderr and one line of figures to stdout:
#
#   peer=cometbft-v0.40.0 validators=4 offered=4000 size=250 seconds=10 sent=N committed=N rate=N p50_ms=N p99_ms=N avg_ms=N max_ms=N
#
# sent is what the generator got out: its first second sends nothing, and it falls behind on a busy machine. A committed
# far below sent means that consensus stood still. rate is committed / seconds, where transactions that land in the DRAIN
# seconds after the load ends count as well: that favors the peer, and is meant to. Latencies are the peer's own: from the
# time stamp in the transaction to its block's.
set -euo pipefail

readonly VERSION=v0.40.0
readonly DRAIN=5 # seconds between the end of the load and the stop of the validators
readonly BOOT=45 # seconds within which the first blocks must appear

usage() {
  cat <<'EOT'
usage: cometbft.sh [-n validators] [-r tx/s] [-s bytes] [-t seconds] [-c timeout_commit] [-d]
  -n  validators, a process each           (4)
  -r  offered transactions per second      (4000)
  -s  bytes per transaction                (250)
  -t  seconds of load                      (15)
  -c  CometBFT's timeout_commit            (50ms)
  -d  CometBFT's defaults; else the settings that serve it best on one machine: a flush after 2 ms, gossip every 5 ms,
      no rate limits, no recheck, large pools
Needs Go (the first run installs the peer's binaries at an exact version into the user's cache, or into $PEER_BIN).
EOT
}

validators=4 rate=4000 size=250 seconds=15 timeout_commit=50ms tuned=1
while getopts 'n:r:s:t:c:dh' option; do
  case $option in
    n) validators=$OPTARG ;;
    r) rate=$OPTARG ;;
    s) size=$OPTARG ;;
    t) seconds=$OPTARG ;;
    c) timeout_commit=$OPTARG ;;
    d) tuned= ;;
    h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

bin=${PEER_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/lockstep/peer/cometbft-$VERSION}
home=$(mktemp -d)
pids=()     # the validators
load_pid='' # the load generator, while it runs

say() { echo "peer: $*" >&2; }
die() { say "$*" && exit 1; }

stop_validators() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for _ in {1..30}; do
    pgrep -P $$ -x cometbft >/dev/null 2>&1 || break
    sleep 0.1
  done
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  wait "${pids[@]}" 2>/dev/null || true
  pids=()
}

cleanup() {
  [ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null || true
  stop_validators
  rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

install_binaries() {
  local command
  mkdir -p "$bin"
  for command in cmd/cometbft test/loadtime/cmd/load test/loadtime/cmd/report; do
    [ -x "$bin/${command##*/}" ] && continue
    say "install ${command##*/} $VERSION into $bin"
    GOBIN=$bin go install "github.com/cometbft/cometbft/$command@$VERSION"
  done
}

address() { echo "127.0.1.$(($1 + 1))"; }

# configure writes validator $1's settings into its config.toml.
configure() {
  local file=$home/node$1/config/config.toml host
  host=$(address "$1")
  local edits=(
    -e 's|^proxy_app = .*|proxy_app = "kvstore"|'
    -e 's|^log_level = .*|log_level = "error"|'
    -e "s|^laddr = \"tcp://127.0.0.1:26657\"|laddr = \"tcp://$host:26657\"|"
    -e "s|^laddr = \"tcp://0.0.0.0:26656\"|laddr = \"tcp://$host:26656\"|"
    -e 's|^pprof_laddr = .*|pprof_laddr = ""|'
    -e 's|^allow_duplicate_ip = .*|allow_duplicate_ip = true|'
    -e 's|^addr_book_strict = .*|addr_book_strict = false|'
    -e "s|^timeout_commit = .*|timeout_commit = \"$timeout_commit\"|"
  )
  [ -z "$tuned" ] || edits+=(
    -e 's|^size = 5000|size = 100000|'
    -e 's|^cache_size = 10000|cache_size = 400000|'
    -e 's|^max_txs_bytes = .*|max_txs_bytes = 1073741824|'
    -e 's|^recheck = true|recheck = false|'
    -e 's|^send_rate = .*|send_rate = 512000000|'
    -e 's|^recv_rate = .*|recv_rate = 512000000|'
    -e 's|^flush_throttle_timeout = .*|flush_throttle_timeout = "2ms"|'
    -e 's|^peer_gossip_sleep_duration = .*|peer_gossip_sleep_duration = "5ms"|'
  )
  sed -i "${edits[@]}" "$file"
}

start_validators() {
  local i
  "$bin/cometbft" testnet --v "$validators" --o "$home" --starting-ip-address "$(address 0)" >/dev/null
  for ((i = 0; i < validators; i++)); do
    configure "$i"
    "$bin/cometbft" start --home "$home/node$i" >"$home/node$i.log" 2>&1 &
    pids+=($!)
  done
}

# height prints the first validator's height, 0 while it does not answer.
height() {
  local reply
  reply=$( (exec 3<>"/dev/tcp/$(address 0)/26657" && printf 'GET /status HTTP/1.0\r\n\r\n' >&3 && timeout 2 cat <&3) 2>/dev/null || true)
  [[ $reply =~ \"latest_block_height\":\ *\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

await_blocks() {
  local until=$((SECONDS + BOOT))
  while [ "$(height)" -lt 2 ]; do
    [ "$SECONDS" -lt "$until" ] || die "no blocks within $BOOT s; the last log line: $(tail -n 1 "$home/node0.log")"
    sleep 0.2
  done
}

offer_load() {
  local endpoints='' i
  for ((i = 0; i < validators; i++)); do endpoints+="ws://$(address "$i"):26657/websocket,"; done
  "$bin/load" -c 1 -T "$seconds" -r $((rate / validators)) -s "$size" --broadcast-tx-method async \
    --stats-output "$home/sent.csv" --endpoints "${endpoints%,}" >"$home/load.log" 2>&1 &
  load_pid=$!
  wait "$load_pid" || say "the load generator ended early: $(tail -n 1 "$home/load.log")" # wait, so that signals are served
  load_pid=
  sleep "$DRAIN"
}

# figures reads the committed transactions' latencies (nanoseconds, third column) from the first validator's block store.
figures() {
  "$bin/report" --data-dir "$home/node0/data" --csv "$home/report.csv" >/dev/null 2>"$home/report.log" ||
    die "no report: $(tail -n 1 "$home/report.log")"
  tail -n +2 "$home/report.csv" | cut -d, -f3 | sort -n | awk -v seconds="$seconds" '
    { ms[NR] = $1 / 1e6; sum += ms[NR] }
    function at(q) { i = int(NR * q + 0.5); return ms[i < 1 ? 1 : i] }
    END {
      if (NR == 0) { print "committed=0 rate=0"; exit }
      printf "committed=%d rate=%d p50_ms=%.0f p99_ms=%.0f avg_ms=%.0f max_ms=%.0f\n",
        NR, NR / seconds, at(0.50), at(0.99), sum / NR, ms[NR]
    }'
}

install_binaries
say "start $validators validators"
start_validators
await_blocks
say "offer $rate tx/s of $size bytes for $seconds s"
offer_load
stop_validators
sent=$(awk -F, '$1 == "total_txs" { print $2 }' "$home/sent.csv" 2>/dev/null || echo 0)
echo "peer=cometbft-$VERSION validators=$validators offered=$rate size=$size seconds=$seconds sent=${sent:-0} $(figures)"
