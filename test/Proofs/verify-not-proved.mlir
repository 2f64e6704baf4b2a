/// What cannot be proved is said with its reason, and is no error.
// RUN: attn-opt --attn-verify='time-limit-ms=0' %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=TIME
// RUN: attn-opt --attn-verify %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=LATER

// TIME: remark: '@bigbird': visits not proved: the time limit was reached
// TIME: remark: '@bigbird': non-empty rows not proved: the time limit was reached
// TIME: remark: not proved that '@bigbird' has no empty row: the time limit was reached
// LATER: remark: '@bigbird' has no empty row: proved for all lengths
attn.pattern @bigbird {
  %near = attn.block 64 before 1 after 1
  %cols = attn.keys 0 to 64
  %m    = attn.union %near, %cols
  attn.yield %m
}
attn.assert @bigbird rows_nonempty
