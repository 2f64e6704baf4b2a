// RUN: attn-opt %s -split-input-file -verify-diagnostics

/// One mistake per case, and what the user is told of it.

//===----------------------------------------------------------------------===//
// Numbers and sizes
//===----------------------------------------------------------------------===//

attn.pattern @window_dilation {
  // expected-error @+1 {{'attn.window' op expected 'dilation' from 1 to 1048576, found 0}}
  %m = attn.window before 4 after 0 dilation 0
  attn.yield %m
}

// -----

attn.pattern @window_dilation_large {
  // expected-error @+1 {{'attn.window' op expected 'dilation' from 1 to 1048576, found 1048577}}
  %m = attn.window before 4 after 0 dilation 1048577
  attn.yield %m
}

// -----

attn.pattern @window_literal {
  // expected-error @+1 {{'attn.window' op expected 'before' from -1099511627776 to 1099511627776, found 1099511627777}}
  %m = attn.window before 1099511627777 after 0
  attn.yield %m
}

// -----

attn.pattern @window_literal_after(%w: index) {
  // expected-error @+1 {{'attn.window' op expected 'after' from -1099511627776 to 1099511627776, found -1099511627777}}
  %m = attn.window before %w after -1099511627777
  attn.yield %m
}

// -----

attn.pattern @window_no_word {
  // expected-error @+1 {{expected 'before'}}
  %m = attn.window 4
  attn.yield %m
}

// -----

attn.pattern @window_both(%w: index) {
  // expected-error @+1 {{'attn.window' op expected 'before' to be a literal or a value, found both}}
  %m = "attn.window"(%w) <{operandSegmentSizes = array<i32: 1, 0>, staticBefore = 1 : i64, staticAfter = 0 : i64}> : (index) -> !attn.mask
  attn.yield %m
}

// -----

attn.pattern @window_none {
  // expected-error @+1 {{'attn.window' op expected 'after' to be given}}
  %m = "attn.window"() <{operandSegmentSizes = array<i32: 0, 0>, staticBefore = 1 : i64}> : () -> !attn.mask
  attn.yield %m
}

// -----

attn.pattern @keys_literal {
  // expected-error @+1 {{'attn.keys' op expected 'begin' from -1099511627776 to 1099511627776, found -1099511627777}}
  %m = attn.keys -1099511627777 to 0
  attn.yield %m
}

// -----

attn.pattern @queries_literal {
  // expected-error @+1 {{'attn.queries' op expected 'end' from -1099511627776 to 1099511627776, found 1099511627777}}
  %m = attn.queries 0 to 1099511627777
  attn.yield %m
}

// -----

attn.pattern @block_size {
  // expected-error @+1 {{'attn.block' op expected 'size' from 1 to 1048576, found 0}}
  %m = attn.block 0
  attn.yield %m
}

// -----

attn.pattern @block_shift {
  // expected-error @+1 {{'attn.block' op expected 'shift' from -1099511627776 to 1099511627776, found 1099511627777}}
  %m = attn.block 4 shift 1099511627777
  attn.yield %m
}

// -----

attn.pattern @block_distances {
  // expected-error @+1 {{'attn.block' op expected 'after' from -1099511627776 to 1099511627776, found 1099511627777}}
  %m = attn.block 4 after 1099511627777
  attn.yield %m
}

// -----

attn.pattern @chunk_size {
  // expected-error @+1 {{'attn.chunk' op expected 'size' from 1 to 1048576, found -1}}
  %m = attn.chunk -1
  attn.yield %m
}

// -----

attn.pattern @prefix_length {
  // expected-error @+1 {{'attn.prefix' op expected 'length' from -1099511627776 to 1099511627776, found 1099511627777}}
  %m = attn.prefix 1099511627777
  attn.yield %m
}

// -----

/// A size is part of the compiled code, never a run-time value.
attn.pattern @block_size_value(%b: index) {
  // expected-error @+1 {{expected integer value}}
  %m = attn.block %b
  attn.yield %m
}

// -----

attn.pattern @window_empty {
  // expected-warning @+2 {{'attn.window' is empty: 'before' 3 and 'after' -4 leave no key between them}}
  // expected-note @+1 {{the distance on the other side of the query is negative: 'before 10 after -1' is the 10 positions before it}}
  %m = attn.window before 3 after -4
  attn.yield %m
}

// -----

attn.pattern @block_empty {
  // expected-warning @+2 {{'attn.block' is empty: 'before' -1 and 'after' 0 leave no key between them}}
  // expected-note @+1 {{the distance on the other side}}
  %m = attn.block 16 before -1 after 0
  attn.yield %m
}

// -----

//===----------------------------------------------------------------------===//
// Combinators
//===----------------------------------------------------------------------===//

attn.pattern @union_nothing {
  // expected-error @+1 {{'attn.union' op expected at least one mask, found none}}
  %m = "attn.union"() : () -> !attn.mask
  attn.yield %m
}

// -----

attn.pattern @intersect_nothing {
  // expected-error @+1 {{'attn.intersect' op expected at least one mask, found none}}
  %m = "attn.intersect"() : () -> !attn.mask
  attn.yield %m
}

// -----

attn.pattern @difference_one {
  %a = attn.causal
  // expected-error @+1 {{expected 2 operands}}
  %m = attn.difference %a
  attn.yield %m
}

// -----

attn.pattern @number_as_mask(%w: index) { // expected-note {{prior use here}}
  // expected-error @+1 {{use of value '%w' expects different type than prior uses: '!attn.mask' vs 'index'}}
  %m = attn.complement %w
  attn.yield %m
}

// -----

//===----------------------------------------------------------------------===//
// attn.where
//===----------------------------------------------------------------------===//

attn.pattern @where_dimensions {
  // expected-error @+1 {{'attn.where' op expected a set of 2 dimensions (q, k), found 1}}
  %m = attn.where affine_set<(q) : (q >= 0)>
  attn.yield %m
}

// -----

attn.pattern @where_symbols(%n: index) {
  // expected-error @+1 {{'attn.where' op expected 2 operands for the symbols of the set, found 1}}
  %m = attn.where affine_set<(q, k)[a, b] : (q - a - b >= 0)>[%n]
  attn.yield %m
}

// -----

attn.pattern @where_mod_zero {
  // expected-error @+1 {{'attn.where' op expected 'mod' by a positive literal, found 0}}
  %m = attn.where affine_set<(q, k) : (q mod 0 == 0)>
  attn.yield %m
}

// -----

attn.pattern @where_floordiv_negative {
  // expected-error @+1 {{'attn.where' op expected 'floordiv' by a positive literal, found -4}}
  %m = attn.where affine_set<(q, k) : (q floordiv -4 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @where_ceildiv_symbol(%n: index) {
  // expected-error @+1 {{'attn.where' op expected 'ceildiv' by a positive literal, found a variable}}
  %m = attn.where affine_set<(q, k)[n] : (q ceildiv n >= 0)>[%n]
  attn.yield %m
}

// -----

attn.pattern @where_product(%n: index) {
  // expected-error @+1 {{'attn.where' op expected products with a literal, found a product of two variables}}
  %m = attn.where affine_set<(q, k)[n] : (q * n >= 0)>[%n]
  attn.yield %m
}

// -----

attn.pattern @where_large_product {
  // expected-error @+1 {{'attn.where' op expected values of at most 62 bits, found an expression that can exceed them where positions reach 1099511627776}}
  %m = attn.where affine_set<(q, k) : (q * 4194305 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @where_large_sum {
  // expected-error @+1 {{'attn.where' op expected values of at most 62 bits}}
  %m = attn.where affine_set<(q, k) : (q * 4194304 + k * 4194304 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @where_large_divisor {
  // expected-error @+1 {{'attn.where' op expected values of at most 62 bits}}
  %m = attn.where affine_set<(q, k) : (q floordiv 4611684918915760129 >= 0)>
  attn.yield %m
}

// -----

attn.pattern @where_large_literal {
  // expected-error @+1 {{'attn.where' op expected values of at most 62 bits}}
  %m = attn.where affine_set<(q, k) : (q - 9223372036854775807 >= 0)>
  attn.yield %m
}

// -----

//===----------------------------------------------------------------------===//
// attn.pattern, attn.assert
//===----------------------------------------------------------------------===//

// expected-error @+1 {{'attn.pattern' op expected a body that ends with 'attn.yield'}}
attn.pattern @no_yield {
  %m = attn.causal
}

// -----

// expected-error @+1 {{'attn.pattern' op expects a non-empty block}}
"attn.pattern"() <{sym_name = "no_body", argument_names = []}> ({
^bb0:
}) : () -> ()

// -----

// expected-error @+1 {{'attn.pattern' op expected argument '%s' of type 'index', found 'f32'}}
attn.pattern @argument_type(%s: f32) {
  %m = attn.causal
  attn.yield %m
}

// -----

// expected-error @+1 {{'attn.pattern' op expected arguments named by letters, digits and '_', found '%0'}}
attn.pattern @argument_number(%0: index) {
  %m = attn.causal
  attn.yield %m
}

// -----

// expected-error @+1 {{'attn.pattern' op expected arguments of different names, found '%w' twice}}
"attn.pattern"() <{sym_name = "argument_twice", argument_names = ["w", "w"]}> ({
^bb0(%a: index, %b: index):
  %m = attn.causal
  attn.yield %m
}) : () -> ()

// -----

// expected-error @+1 {{'attn.pattern' op expected 1 argument names, found 0}}
"attn.pattern"() <{sym_name = "argument_count", argument_names = []}> ({
^bb0(%a: index):
  %m = attn.causal
  attn.yield %m
}) : () -> ()

// -----

// expected-note @+1 {{compute it outside, and make it an argument of this pattern}}
attn.pattern @foreign_op(%w: index) {
  // expected-error @+1 {{'arith.addi' op found in '@foreign_op': a pattern holds mask ops, 'attn.length' and 'arith.constant' of type 'index'}}
  %v = arith.addi %w, %w : index
  %m = attn.prefix %v
  attn.yield %m
}

// -----

// expected-note @+1 {{compute it outside}}
attn.pattern @constant_type {
  // expected-error @+1 {{'arith.constant' op found in '@constant_type'}}
  %c = arith.constant 1.0 : f32
  %m = attn.causal
  attn.yield %m
}

// -----

attn.pattern @constant_large {
  // expected-error @+1 {{'arith.constant' op expected a number of a pattern from -1099511627776 to 1099511627776, found 1099511627777}}
  %c = arith.constant 1099511627777 : index
  %m = attn.prefix %c
  attn.yield %m
}

// -----

// expected-error @+1 {{'attn.causal' op expects parent op 'attn.pattern'}}
%m = attn.causal

// -----

attn.pattern @p {
  %m = attn.causal
  attn.yield %m
}
// expected-error @+1 {{'attn.assert' op expected a second pattern after 'within', found none}}
attn.assert @p within

// -----

attn.pattern @p {
  %m = attn.causal
  attn.yield %m
}
// expected-error @+1 {{'attn.assert' op expected one pattern for 'rows_nonempty', found '@p' too}}
attn.assert @p rows_nonempty @p

// -----

// expected-error @+1 {{'attn.assert' op expected the subject to be a pattern, found nothing named '@p'}}
attn.assert @p causal

// -----

attn.pattern @p {
  %m = attn.causal
  attn.yield %m
}
// expected-note @+1 {{'@f' is this 'func.func'}}
func.func private @f()
// expected-error @+1 {{'attn.assert' op expected what it is compared with to be a pattern, found '@f'}}
attn.assert @p equals @f

// -----

attn.pattern @p {
  %m = attn.causal
  attn.yield %m
}
// expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'claim' [causal, rows_nonempty, within, equals]}}
attn.assert @p bidirectional
