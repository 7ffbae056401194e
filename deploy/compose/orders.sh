#!/bin/bash
# A stream of orders that change: twenty records a second, keys that come again, some withdrawn.
set -euo pipefail
/opt/kafka/bin/kafka-topics.sh --bootstrap-server "$KAFKA" --create --if-not-exists --topic orders --partitions 4

orders() {
  local n=0 states=(new paid packed sent) id
  while true; do
    id="o-$((n % 7 == 0 ? n / 2 : n))"
    printf '%s|{"order_id":"%s","customer":"c-%d","amount":"%d.%02d","status":"%s","placed_at":"%s",' \
      "$id" "$id" $((n % 97)) $((n % 500)) $((n % 100)) "${states[n % 4]}" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    printf '"items":[{"sku":"s-%d","quantity":%d}],"labels":{"channel":"web"}}\n' $((n % 31)) $((n % 5 + 1))
    n=$((n + 1))
    if ((n % 20 == 0)); then sleep 1; fi
  done
}

orders | /opt/kafka/bin/kafka-console-producer.sh --bootstrap-server "$KAFKA" --topic orders \
  --property parse.key=true --property key.separator='|'
