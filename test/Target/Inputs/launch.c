/* Runs the kernel of causal.mlir on the emulated GPU: where every key is 0 and every value 1, the
   output is 1 and the lse of row i is log(i + 1). */

#include "causal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 150, FEATURES = 64, HEADS = 2, COUNT = HEADS * ROWS * FEATURES };

static void require(int holds, const char *what) {
  if (holds)
    return;
  printf("%s: %s\n", what, attn_last_error());
  exit(1);
}

int main(void) {
  static uint16_t host[COUNT];
  static float lse[HEADS * ROWS];
  void *data[4], *lse_data;
  AttnArgs args;
  AttnTensor tensor = {NULL, {HEADS * ROWS * FEATURES, ROWS * FEATURES, FEATURES}};
  AttnTensor *tensors[4];
  const AttnDriver *driver = attn_driver_open("emulator");
  int i;
  require(driver != NULL, "no driver");
  memset(&args, 0, sizeof args);
  args.struct_size = sizeof args;
  args.batch = 1;
  args.query_heads = args.key_heads = HEADS;
  args.query_length = args.key_length = args.length = ROWS;
  args.features = FEATURES;
  args.scale = 1;
  tensors[0] = &args.query, tensors[1] = &args.key, tensors[2] = &args.value;
  tensors[3] = &args.output;
  for (i = 0; i < 4; ++i) {
    int j;
    for (j = 0; j < COUNT; ++j)
      host[j] = i == 2 ? 0x3f80 : 0; /* 1 as bf16 */
    require(attn_device_allocate(driver, sizeof host, &data[i]) == ATTN_OK, "allocate");
    require(attn_device_upload(driver, data[i], host, sizeof host) == ATTN_OK, "upload");
    *tensors[i] = tensor;
    tensors[i]->data = data[i];
  }
  require(attn_device_allocate(driver, sizeof lse, &lse_data) == ATTN_OK, "allocate");
  args.lse.data = lse_data;
  args.lse.strides[0] = HEADS * ROWS;
  args.lse.strides[1] = ROWS;
  args.lse.strides[2] = 1;

  require(causal_bf16_d64_load(driver) == ATTN_OK, "load");
  require(causal_bf16_d64_launch(&args, NULL) == ATTN_OK, "launch");
  require(attn_device_synchronize(driver, NULL) == ATTN_OK, "synchronize");
  require(attn_device_download(driver, host, data[3], sizeof host) == ATTN_OK, "download");
  require(attn_device_download(driver, lse, lse_data, sizeof lse) == ATTN_OK, "download");
  for (i = 0; i < COUNT; ++i)
    require(host[i] == 0x3f80, "wrong output");
  for (i = 0; i < HEADS * ROWS; ++i)
    require(fabs(lse[i] - log(1.0 + i % ROWS)) < 1e-5, "wrong lse");
  args.struct_size = 8;
  printf("%s, refused: %s\n", causal_bf16_d64_info.symbol,
         attn_status_message(causal_bf16_d64_launch(&args, NULL)));
  return 0;
}
