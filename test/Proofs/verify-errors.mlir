/// A claim that does not hold is an error with numbers, and with the mask op that the pair comes from.
// RUN: not attn-opt --attn-verify --split-input-file %s -o /dev/null 2>&1 | FileCheck %s
// RUN: not attn-opt --attn-verify='tile=16' --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=TILE
// TILE: 'attn-verify' expected two positive numbers for 'tile'

// CHECK: error: '@near' is not causal: query {{-?[0-9]+}} sees key {{-?[0-9]+}} (Sq = {{[0-9]+}}, Sk = {{[0-9]+}})
// CHECK: note: the key comes from this 'attn.window'
attn.pattern @near {
  %past = attn.causal
  %near = attn.window before 7 after 1
  %m    = attn.union %past, %near
  attn.yield %m
}
attn.assert @near causal

// -----

/// Pooled keys: the first queries see nothing.
// CHECK: error: '@pooled' has an empty row: query {{[0-9]+}} sees no key (Sq = {{[0-9]+}}, Sk = {{[0-9]+}})
attn.pattern @pooled {
  %m = attn.where affine_set<(q, k) : (q - 16 * k - 31 >= 0)>
  attn.yield %m
}
attn.assert @pooled rows_nonempty

// -----

// CHECK: error: '@far' is not within '@near': query {{[0-9]+}} sees key {{[0-9]+}} in '@far' only (Sq = {{[0-9]+}}, Sk = {{[0-9]+}}, %w = {{[0-9]+}})
// CHECK: error: '@near' does not equal '@far': query {{[0-9]+}} sees key {{[0-9]+}} in '@far' only
// CHECK: note: the key comes from this 'attn.window'
attn.pattern @near(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
attn.pattern @far(%w: index) {
  %m = attn.window before %w after %w
  attn.yield %m
}
attn.assert @far within @near
attn.assert @near equals @far

