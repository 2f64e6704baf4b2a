/// Remarks name what is outside the band language; options are checked.
// RUN: attn-opt --attn-schedule --verify-diagnostics %s
// RUN: not attn-opt --attn-schedule='tile=16' %s 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not attn-opt --attn-schedule='tile=16,0' %s 2>&1 | FileCheck %s --check-prefix=ONE
// ONE: 'attn-schedule' expected two positive numbers for 'tile'

attn.pattern @antitone {
  // expected-remark @+2 {{'attn.where' is outside the band language}}
  // expected-note @+1 {{every tile of its hull is masked}}
  %m = attn.where affine_set<(q, k) : (q + k - 64 >= 0)>
  attn.yield %m
}
