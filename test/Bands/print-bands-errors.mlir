// RUN: not attn-opt %s --attn-print-bands='query-length=8 key-length=8' -o /dev/null 2>&1 | FileCheck %s --check-prefix=ARGUMENTS
// RUN: not attn-opt %s --attn-print-bands='tile=0,2' -o /dev/null 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: not attn-opt %s --attn-print-bands='query-length=-1' -o /dev/null 2>&1 | FileCheck %s --check-prefix=LENGTH
// RUN: not attn-opt %s --attn-print-bands='query-length=1000000 key-length=1000000' -o /dev/null 2>&1 | FileCheck %s --check-prefix=LARGE

// ARGUMENTS: error: 'attn.pattern' op '@window' has 1 argument, found 0 in option 'arguments'
// TILE: error: 'tile' expected two positive numbers
// LENGTH: error: 'query-length' and 'key-length' expected numbers from 0
// LARGE: error: expected at most 65536 tiles, found 62500 x 62500; print with larger tiles
attn.pattern @window(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
