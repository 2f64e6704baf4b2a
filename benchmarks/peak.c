/* The speed of multiply-adds that stay in registers: what a kernel's time is held against. */

#include <time.h>

#ifdef __AVX512F__
typedef float Vector __attribute__((vector_size(64)));
#else
typedef float Vector __attribute__((vector_size(32)));
#endif

enum { LANES = sizeof(Vector) / sizeof(float), CHAINS = 12 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

/* Twelve independent chains: more than the latency of a multiply-add times the number of its units.
 */
double fma_peak(long rounds) {
  const Vector zero = {0};
  const Vector factor = zero + 0.999999f, term = zero + 1e-6f;
  /* Chains that start alike would be computed once. */
  Vector chain[CHAINS];
  for (int c = 0; c < CHAINS; ++c)
    chain[c] = zero + (float)c;
  const double begin = now();
  for (long i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; ++c)
      chain[c] = chain[c] * factor + term;
  const double seconds = now() - begin;

  /* Keeps the chains alive. */
  volatile float sink = 0;
  for (int c = 0; c < CHAINS; ++c)
    sink += chain[c][0];
  return 2.0 * CHAINS * LANES * rounds / seconds * 1e-9;
}
