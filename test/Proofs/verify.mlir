/// What `attn-verify` proves holds for all lengths, offsets and arguments.
// RUN: attn-opt --attn-verify --verify-diagnostics --split-input-file %s -o /dev/null

// expected-remark @+3 {{'@near': visits proved sound: no tile with a visible pair is skipped}}
// expected-remark @+2 {{'@near': full tiles proved sound: none has a masked pair}}
// expected-remark @+1 {{'@near': rows proved non-empty: every query sees a key}}
attn.pattern @near(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
// expected-remark @+1 {{'@near' is causal: proved for all lengths}}
attn.assert @near causal
/// With the default offset and a width that is not negative every query sees itself.
// expected-remark @+1 {{'@near' has no empty row: proved for all lengths}}
attn.assert @near rows_nonempty

// -----

// expected-remark @+3 {{'@sinks': visits proved sound}}
// expected-remark @+2 {{'@sinks': full tiles proved sound}}
// expected-remark @+1 {{'@sinks': rows proved non-empty: every query sees a key}}
attn.pattern @sinks(%w: index) {
  %past  = attn.causal
  %near  = attn.window before %w after 0
  %first = attn.keys 0 to 4
  %any   = attn.union %near, %first
  %m     = attn.intersect %past, %any
  attn.yield %m
}
// expected-remark @+3 {{'@past': visits proved sound}}
// expected-remark @+2 {{'@past': full tiles proved sound}}
// expected-remark @+1 {{'@past': rows proved non-empty}}
attn.pattern @past {
  %m = attn.causal
  attn.yield %m
}
// expected-remark @+1 {{'@sinks' is within '@past': proved for all lengths}}
attn.assert @sinks within @past

// -----

/// Two ways to say one thing; arguments of equal names are equal.
// expected-remark @+3 {{'@a': visits proved sound}}
// expected-remark @+2 {{'@a': full tiles proved sound}}
// expected-remark @+1 {{'@a': rows proved non-empty}}
attn.pattern @a(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
// expected-remark @+3 {{'@b': visits proved sound}}
// expected-remark @+2 {{'@b': full tiles proved sound}}
// expected-remark @+1 {{'@b': rows proved non-empty}}
attn.pattern @b(%w: index) {
  %past = attn.causal
  %far  = attn.where affine_set<(q, k)[w] : (q - k - w - 1 >= 0)>[%w]
  %m    = attn.difference %past, %far
  attn.yield %m
}
// expected-remark @+1 {{'@a' equals '@b': proved for all lengths}}
attn.assert @a equals @b

// -----

/// A fallback is proved as well: its hull must not lose a visit.
// expected-remark @+3 {{'@antitone': visits proved sound}}
// expected-remark @+2 {{'@antitone': full tiles proved sound}}
// expected-remark @+1 {{'@antitone': a row may be empty}}
attn.pattern @antitone {
  // expected-remark @+2 {{'attn.where' is outside the band language}}
  // expected-note @+1 {{every tile of its hull is masked}}
  %m = attn.where affine_set<(q, k) : (q + k - 64 >= 0)>
  attn.yield %m
}
