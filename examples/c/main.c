/*===- main.c - a compiled pattern in a C program ------------------------*- C -*-===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Calls the kernel of patterns/sliding-window.mlir and compares one row with the formula.
|*
|*   attn-compile patterns/sliding-window.mlir -o out -e header,shared --name window
|*   cc examples/c/main.c -Iout -Lout -l:window.so -Wl,-rpath,out -lm -o out/example && out/example
|*
\*===------------------------------------------------------------------------------===*/

#include "window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADS = 2, LENGTH = 300, FEATURES = 64, WINDOW = 20 };

/* A tensor [1, HEADS, LENGTH, FEATURES] without gaps. */
static AttnTensor make_tensor(float *data) {
  AttnTensor tensor = {data, {HEADS * LENGTH * FEATURES, LENGTH * FEATURES, FEATURES}};
  return tensor;
}

/* Numbers that look random, the same in every run. */
static void fill(float *data, unsigned seed) {
  for (int i = 0; i < HEADS * LENGTH * FEATURES; ++i) {
    seed = seed * 1664525u + 1013904223u;
    data[i] = (float)(seed >> 8) / (1 << 23) - 1.0f;
  }
}

/* Feature `d` of row `row` of the first head, by the definition. */
static double expected(const float *query, const float *key, const float *value, int row, int d) {
  double sum = 0, weighted = 0;
  for (int column = row > WINDOW ? row - WINDOW : 0; column <= row; ++column) {
    double score = 0;
    for (int i = 0; i < FEATURES; ++i)
      score += (double)query[row * FEATURES + i] * key[column * FEATURES + i];
    const double weight = exp(score / sqrt(FEATURES));
    sum += weight;
    weighted += weight * value[column * FEATURES + d];
  }
  return weighted / sum;
}

int main(void) {
  static float query[HEADS * LENGTH * FEATURES], key[HEADS * LENGTH * FEATURES];
  static float value[HEADS * LENGTH * FEATURES], output[HEADS * LENGTH * FEATURES];
  fill(query, 1);
  fill(key, 2);
  fill(value, 3);

  const int64_t arguments[] = {WINDOW};
  AttnArgs args = {sizeof(AttnArgs), 1, HEADS, HEADS, LENGTH, LENGTH, FEATURES};
  args.query = make_tensor(query);
  args.key = make_tensor(key);
  args.value = make_tensor(value);
  args.output = make_tensor(output);
  args.length = LENGTH;
  args.arguments = arguments;
  args.argument_count = 1;
  args.scale = 1 / sqrtf(FEATURES);

  /* The plan checks the arguments and says how much memory a thread needs. */
  AttnPlan plan = {sizeof(AttnPlan), 0, 0};
  int status = sliding_window_f32_d64_plan(&args, &plan);
  void *scratch = NULL;
  if (status == ATTN_OK && posix_memalign(&scratch, 64, (size_t)plan.scratch_bytes) == 0)
    status = sliding_window_f32_d64(&args, 0, plan.items, scratch);
  free(scratch);
  if (status != ATTN_OK) {
    printf("the kernel refuses its arguments: status %d\n", status);
    return 1;
  }

  const int row = LENGTH - 1;
  double largest = 0;
  for (int d = 0; d < FEATURES; ++d)
    largest = fmax(largest, fabs(output[row * FEATURES + d] - expected(query, key, value, row, d)));
  printf("row %d, %lld items: largest difference %s\n", row, (long long)plan.items,
         largest < 1e-5 ? "below 1e-5" : "too large");
  return largest < 1e-5 ? 0 : 1;
}
