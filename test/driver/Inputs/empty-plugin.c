/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pass plugin without a pass, in the binary form of llvm/Plugins/PassPlugin.h of LLVM 22: what lld needs to load it. It leaves the variables that the
 * driver set for the pass in the file that ENVIRONMENT names, one a line, so that tests can look at them. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct plugin {
  uint32_t api_version;
  const char *name, *version;
  void (*register_callbacks)(void *pass_builder);
  void *before_code_generation;
};

extern char **environ;

static void register_callbacks(void *pass_builder) {
  (void)pass_builder;
  FILE *out = fopen(ENVIRONMENT, "w");
  if (!out)
    return;
  for (char **variable = environ; *variable; variable++)
    if (!strncmp(*variable, "CAPCC_", 6) && strncmp(*variable, "CAPCC_SOURCES", 13))
      fprintf(out, "%s\n", *variable);
  fclose(out);
}

struct plugin llvmGetPassPluginInfo(void) { return (struct plugin){2, "empty", "1", register_callbacks, 0}; }
