/// Pictures come from the ops of the schedule: `.` skipped, `/` partial, `#` full.
// RUN: attn-opt %s --attn-schedule='tile=4,4' --attn-print-tiles='query-length=24 arguments=6,2' -o /dev/null | FileCheck %s
// RUN: attn-opt %s --attn-schedule='tile=4,4' --attn-print-tiles='query-length=8 key-length=24 arguments=6,2' -o /dev/null | FileCheck %s --check-prefix=TAIL
// RUN: attn-opt %s --attn-schedule='tile=4,4' --attn-print-tiles='query-length=8 key-length=24 offset=0 arguments=6,2' -o /dev/null | FileCheck %s --check-prefix=HEAD
// RUN: attn-opt %s --attn-schedule='tile=4,4 transposed' --attn-print-tiles='query-length=24 arguments=6,2' -o /dev/null | FileCheck %s --check-prefix=BACK
// RUN: not attn-opt %s --attn-schedule --attn-print-tiles='arguments=6' -o /dev/null 2>&1 | FileCheck %s --check-prefix=ARGUMENTS
// RUN: not attn-opt %s --attn-schedule --attn-print-tiles='query-length=-3 arguments=6,2' -o /dev/null 2>&1 | FileCheck %s --check-prefix=LENGTH

// CHECK:      // @sinks.fwd: Sq = 24, Sk = 24, tile 4 x 4; 18 skipped, 18 partial, 0 full
// CHECK-NEXT: /.....
// CHECK-NEXT: //....
// CHECK-NEXT: ///...
// CHECK-NEXT: ////..
// CHECK-NEXT: /.///.
// CHECK-NEXT: /..///

/// The last query has the position of the last key, unless an offset says otherwise.
// TAIL:      // @sinks.fwd: Sq = 8, Sk = 24
// TAIL-NEXT: /.///.
// TAIL-NEXT: /..///
// HEAD:      // @sinks.fwd: Sq = 8, Sk = 24
// HEAD-NEXT: /.....
// HEAD-NEXT: //....

/// A line of the transposed schedule is a tile of keys.
// BACK:      // @sinks.bwd_kv: Sq = 24, Sk = 24
// BACK-NEXT: //////
// BACK-NEXT: .///..

// ARGUMENTS: 'attn.schedule' op expected 2 values in 'arguments' of 'attn-print-tiles', found 1
// LENGTH: 'attn-print-tiles' expected lengths from 0 to 65536
attn.pattern @sinks(%w: index, %s: index) {
  %past  = attn.causal
  %near  = attn.window before %w after 0
  %sinks = attn.keys 0 to %s
  %any   = attn.union %near, %sinks
  %m     = attn.intersect %past, %any
  attn.yield %m
}
