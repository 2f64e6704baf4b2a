// RUN: attn-opt %s --attn-print-bands -split-input-file -verify-diagnostics -o /dev/null | FileCheck %s

/// What is outside keeps the hull of what is inside.
// CHECK-LABEL: @antitone: 1 band
// CHECK-NEXT:    q - 7 <= k < q + 1, fallback
attn.pattern @antitone {
  %near = attn.window before 7 after 0
  // expected-remark @below {{'attn.where' is outside the band language: 'q + k >= 64' decreases in q}}
  // expected-note @below {{every tile of its hull is masked; use 'attn.intersect' with a window to narrow the hull}}
  %far = attn.where affine_set<(q, k) : (q + k - 64 >= 0)>
  %m = attn.intersect %near, %far
  attn.yield %m
}

// -----

// CHECK-LABEL: @one_sided: 1 band
// CHECK-NEXT:    0 <= k, fallback
attn.pattern @one_sided {
  // expected-remark @below {{'attn.where' is outside the band language: 'q + k <= 64' decreases in q}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (64 - q - k >= 0, k >= 0)>
  attn.yield %m
}

// -----

// CHECK-LABEL: @remainders: 1 band
// CHECK-NEXT:    every pair, fallback
attn.pattern @remainders {
  // expected-remark @below {{'q mod 56 >= k mod 56 - 3' is not monotone in q}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (q mod 56 - k mod 56 + 3 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @key_remainder {
  // expected-remark @below {{'q >= k mod 56' is not monotone in k}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (q - k mod 56 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @sum_period {
  // expected-remark @below {{'(q + k) mod 4 == 1' is periodic in neither q, k nor k - q}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : ((q + k) mod 4 - 1 == 0)>
  attn.yield %m
}

// -----

attn.pattern @symbolic_period(%s: index) {
  // expected-remark @below {{'(k - s) mod 4 == 0' has a period that begins at a symbol}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k)[s] : ((k - s) mod 4 == 0)>[%s]
  attn.yield %m
}

// -----

attn.pattern @mixed {
  // expected-remark @below {{'k >= (q + k) floordiv 4' mixes q and k in one quotient}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (k - (q + k) floordiv 4 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @sum_of_keys {
  // expected-remark @below {{sums several terms of k}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : ((k * 2) floordiv 5 + k floordiv 3 - q >= 0)>
  attn.yield %m
}

// -----

attn.pattern @sum_of_queries {
  // expected-remark @below {{sums several terms of q}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (q floordiv 3 + q floordiv 2 - 5 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @large {
  // expected-remark @below {{has a number that is too large}}
  // expected-note @below {{every tile}}
  %m = attn.where affine_set<(q, k) : (q * 1000000 - k >= 0)>
  attn.yield %m
}

// -----

/// Each set has three windows, and the complement of four such sets is a product of three pieces each.
// CHECK-LABEL: @many: 1 band
// CHECK-NEXT:    {{.*}}fallback
attn.pattern @many {
  %a = attn.where affine_set<(q, k) : (k mod 2 == 0, q mod 3 == 0, (k - q) mod 5 == 0)>
  %b = attn.where affine_set<(q, k) : (k mod 7 == 0, q mod 11 == 0, (k - q) mod 13 == 0)>
  %c = attn.where affine_set<(q, k) : (k mod 17 == 0, q mod 19 == 0, (k - q) mod 23 == 0)>
  %d = attn.where affine_set<(q, k) : (k mod 29 == 0, q mod 31 == 0, (k - q) mod 37 == 0)>
  %x = attn.union %a, %b, %c, %d
  // expected-remark @below {{'attn.complement' needs more than 64 bands}}
  // expected-note @below {{every tile of their hull is masked; use fewer masks or simpler ones}}
  %m = attn.complement %x
  attn.yield %m
}
