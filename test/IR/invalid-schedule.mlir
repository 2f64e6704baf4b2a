// RUN: attn-opt %s -split-input-file -verify-diagnostics

/// What an edited schedule can get wrong.

// expected-error @+1 {{'attn.schedule' op expected 'of' to be a pattern, found nothing named '@past'}}
attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index):
}

// -----

// expected-note @+1 {{'@near' is declared here as (%w: index)}}
attn.pattern @near(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
// expected-error @+1 {{'attn.schedule' op expected 7 block arguments, 6 of the tile and 1 of '@near', found 6}}
attn.schedule @near.fwd of @near tile [16, 16] merge(single) {
^tile(%t: index, %query_length: index, %key_length: index, %offset: index, %key_offset: index, %length: index):
}

// -----

// expected-error @+1 {{'attn.schedule' op expected block arguments of type 'index', found 'i32' at 1}}
attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index, %query_length: i32):
}

// -----

// expected-error @+1 {{'attn.schedule' op expected 2 tile sizes, [query rows, key columns], found 3}}
attn.schedule @past.fwd of @past tile [16, 16, 16] merge(single) {
^tile(%t: index):
}

// -----

// expected-error @+1 {{'attn.schedule' op expected 'tile' from 1 to 1048576, found 0}}
attn.schedule @past.fwd of @past tile [16, 0] merge(single) {
^tile(%t: index):
}

// -----

// expected-error @+1 {{expected 'single', 'ordered' or 'scan', found 'sorted'}}
attn.schedule @past.fwd of @past tile [16, 16] merge(sorted) {
^tile(%t: index):
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(scan) {
^tile(%t: index):
  // expected-error @+1 {{'attn.causal' op expects parent op 'attn.pattern'}}
  %m = attn.causal
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(scan) {
^tile(%t: index):
  // expected-error @+1 {{'func.call' op found in a schedule, which holds 'attn.visit' and the arithmetic of 'arith'}}
  %0 = func.call @f(%t) : (index) -> index
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index):
  // expected-note @+1 {{the first 'attn.visit' is here}}
  attn.visit %t to %t full %t to %t band 0
  // expected-error @+1 {{'attn.visit' op found after another in a schedule with merge(single)}}
  attn.visit %t to %t full %t to %t band 1
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index):
  // expected-error @+1 {{'attn.visit' op expected a 'band' of at least 0, found -1}}
  attn.visit %t to %t full %t to %t band -1
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index):
  // expected-error @+1 {{'attn.visit' op expected 'where' with one argument, the tile, of type 'index'}}
  attn.visit %t to %t full %t to %t band 0 where (%u: index, %v: index) {
    %c = arith.cmpi eq, %u, %v : index
    attn.visit_yield %c, %c
  }
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index):
  // expected-error @+1 {{'attn.visit' op expected 'where' to end with 'attn.visit_yield'}}
  attn.visit %t to %t full %t to %t band 0 where (%u: index) {
    %c = arith.cmpi eq, %u, %t : index
  }
}

// -----

attn.schedule @past.fwd of @past tile [16, 16] merge(single) {
^tile(%t: index):
  attn.visit %t to %t full %t to %t band 0 where (%u: index) {
    // expected-error @+1 {{'func.call' op found in a schedule}}
    %c = func.call @f(%u) : (index) -> i1
    attn.visit_yield %c, %c
  }
}

// -----

%0 = arith.constant 0 : index
// expected-error @+1 {{'attn.visit' op expects parent op 'attn.schedule'}}
attn.visit %0 to %0 full %0 to %0 band 0
