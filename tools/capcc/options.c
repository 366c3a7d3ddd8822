// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of options. The driver must know which words are values, else it takes `foo` in `-include foo` for an input.
// The first table was found by asking clang 22 about every option that its --autocomplete knows and about the long
// forms that this hides (does the next word count as an input file?); test/driver/option-values.test asks again.
#include "options.h"

#include <stddef.h>
#include <string.h>

struct valued {
    const char *name;
    int values;
};

static const struct valued valued_options[] = {
  // separate-value options begin (the test reads the table between these two lines)
    {"--analyzer-output", 1},
    {"--assert", 1},
    {"--bootclasspath", 1},
    {"--classpath", 1},
    {"--config", 1},
    {"--define-macro", 1},
    {"--encoding", 1},
    {"--extdirs", 1},
    {"--for-linker", 1},
    {"--force-link", 1},
    {"--imacros", 1},
    {"--include", 1},
    {"--include-directory", 1},
    {"--include-directory-after", 1},
    {"--include-with-prefix", 1},
    {"--include-with-prefix-after", 1},
    {"--include-with-prefix-before", 1},
    {"--language", 1},
    {"--library-directory", 1},
    {"--mhwdiv", 1},
    {"--no-system-header-prefix", 1},
    {"--output", 1},
    {"--param", 1},
    {"--prefix", 1},
    {"--print-file-name", 1},
    {"--print-prog-name", 1},
    {"--resource", 1},
    {"--rtlib", 1},
    {"--serialize-diagnostics", 1},
    {"--specs", 1},
    {"--std", 1},
    {"--stdlib", 1},
    {"--sysroot", 1},
    {"--system-header-prefix", 1},
    {"--undefine-macro", 1},
    {"--vfsoverlay", 1},
    {"-A", 1},
    {"-B", 1},
    {"-D", 1},
    {"-F", 1},
    {"-I", 1},
    {"-L", 1},
    {"-MF", 1},
    {"-MJ", 1},
    {"-MQ", 1},
    {"-MT", 1},
    {"-T", 1},
    {"-U", 1},
    {"-V", 1},
    {"-Xanalyzer", 1},
    {"-Xarch_device", 1},
    {"-Xarch_host", 1},
    {"-Xassembler", 1},
    {"-Xclang", 1},
    {"-Xclangas", 1},
    {"-Xcuda-fatbinary", 1},
    {"-Xcuda-ptxas", 1},
    {"-Xlinker", 1},
    {"-Xoffload-linker", 1},
    {"-Xopenmp-target", 1},
    {"-Xpreprocessor", 1},
    {"-allowable_client", 1},
    {"-arch_only", 1},
    {"-bundle_loader", 1},
    {"-ccc-gcc-name", 1},
    {"-ccc-install-dir", 1},
    {"-client_name", 1},
    {"-compatibility_version", 1},
    {"-current_version", 1},
    {"-cxx-isystem", 1},
    {"-darwin-target-variant", 1},
    {"-darwin-target-variant-triple", 1},
    {"-dependency-dot", 1},
    {"-dependency-file", 1},
    {"-dsym-dir", 1},
    {"-dumpdir", 1},
    {"-dylib_file", 1},
    {"-dylinker_install_name", 1},
    {"-e", 1},
    {"-exported_symbols_list", 1},
    {"-fdebug-compilation-dir", 1},
    {"-fexperimental-openacc-macro-override", 1},
    {"-filelist", 1},
    {"-fmodules-user-build-path", 1},
    {"-force_load", 1},
    {"-framework", 1},
    {"-ftrapv-handler", 1},
    {"-gen-cdb-fragment-path", 1},
    {"-iapinotes-modules", 1},
    {"-idirafter", 1},
    {"-iframework", 1},
    {"-iframeworkwithsysroot", 1},
    {"-image_base", 1},
    {"-imacros", 1},
    {"-imultilib", 1},
    {"-include", 1},
    {"-include-pch", 1},
    {"-init", 1},
    {"-install_name", 1},
    {"-iprefix", 1},
    {"-iquote", 1},
    {"-isysroot", 1},
    {"-isystem", 1},
    {"-isystem-after", 1},
    {"-ivfsoverlay", 1},
    {"-iwithprefix", 1},
    {"-iwithprefixbefore", 1},
    {"-iwithsysroot", 1},
    {"-l", 1},
    {"-lazy_framework", 1},
    {"-lazy_library", 1},
    {"-meabi", 1},
    {"-mllvm", 1},
    {"-mmlir", 1},
    {"-module-dependency-dir", 1},
    {"-mthread-model", 1},
    {"-multiply_defined", 1},
    {"-multiply_defined_unused", 1},
    {"-o", 1},
    {"-pagezero_size", 1},
    {"-read_only_relocs", 1},
    {"-reexport_framework", 1},
    {"-reexport_library", 1},
    {"-resource-dir", 1},
    {"-rpath", 1},
    {"-sectalign", 3},
    {"-sectcreate", 3},
    {"-segprot", 3},
    {"-segaddr", 2},
    {"-seg1addr", 1},
    {"-serialize-diagnostics", 1},
    {"-specs", 1},
    {"-stdlib++-isystem", 1},
    {"-sub_library", 1},
    {"-target", 1},
    {"-u", 1},
    {"-umbrella", 1},
    {"-undefined", 1},
    {"-unexported_symbols_list", 1},
    {"-validator-version", 1},
    {"-vfsoverlay", 1},
    {"-weak_framework", 1},
    {"-weak_library", 1},
    {"-working-directory", 1},
    {"-x", 1},
    {"-z", 1},
  // separate-value options end
};

/// ld.lld's options that are met in practice with their value in the next word; each also with two dashes.
static const char *const linker_valued[] = {
    "-F",
    "-I",
    "-L",
    "-Map",
    "-R",
    "-T",
    "-Tbss",
    "-Tdata",
    "-Ttext",
    "-auxiliary",
    "-b",
    "-default-script",
    "-defsym",
    "-dynamic-linker",
    "-dynamic-list",
    "-e",
    "-entry",
    "-exclude-libs",
    "-export-dynamic-symbol",
    "-f",
    "-filter",
    "-fini",
    "-format",
    "-h",
    "-init",
    "-l",
    "-library",
    "-library-path",
    "-m",
    "-mllvm",
    "-o",
    "-output",
    "-plugin",
    "-plugin-opt",
    "-rpath",
    "-rpath-link",
    "-script",
    "-soname",
    "-sysroot",
    "-trace-symbol",
    "-u",
    "-undefined",
    "-version-script",
    "-wrap",
    "-y",
    "-z",
};

static const char *const queries[] = {
    "--help-hidden",
    "--print-diagnostic-options",
    "--print-effective-triple",
    "--print-enabled-extensions",
    "--print-file-name",
    "--print-libgcc-file-name",
    "--print-library-module-manifest-path",
    "--print-multi-directory",
    "--print-multi-flags-experimental",
    "--print-multi-lib",
    "--print-multi-os-directory",
    "--print-prog-name",
    "--print-resource-dir",
    "--print-rocm-search-dirs",
    "--print-runtime-dir",
    "--print-search-dirs",
    "--print-supported-cpus",
    "--print-supported-extensions",
    "--print-target-triple",
    "--print-targets",
    "-dumpmachine",
    "-dumpversion",
    "-dumpfullversion",
    "-mcpu=?",
    "-mtune=?",
    "-mcpu=help",
    "-mtune=help",
};

static const char *const early_stops[] = {
    "--analyze",     "--emit-static-lib", "--migrate",    "--precompile",  "-emit-ast",         "-emit-interface-stubs",
    "-emit-llvm",    "-emit-merged-ifs",  "-extract-api", "-fsyntax-only", "-module-file-info", "-rewrite-legacy-objc",
    "-rewrite-objc", "-verify-pch",
};

static int listed(const char *const *list, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i], text)) return 1;
    return 0;
}
#define LISTED(list, text) listed(list, sizeof(list) / sizeof *(list), text)

int option_values(const char *text) {
    for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++)
        if (!strcmp(valued_options[i].name, text)) return valued_options[i].values;
    return !strncmp(text, "-Xarch_", 7) || !strncmp(text, "-Xopenmp-target=", 16);
}

int linker_option_values(const char *text) {
    return LISTED(linker_valued, text) || (text[0] == '-' && text[1] == '-' && LISTED(linker_valued, text + 1));
}

int option_is_query(const char *text) {
    if (LISTED(queries, text)) return 1;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        if (!strncmp(queries[i], "--print-", 8) && !strcmp(queries[i] + 1, text))
            return 1; // every --print-X is also spelled -print-X
    static const char *const joined[] = {
        "-print-file-name=", "--print-file-name=", "-print-prog-name=", "--print-prog-name=", "--autocomplete="};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        if (!strncmp(text, joined[i], strlen(joined[i]))) return 1;
    return 0;
}

int option_stops_early(const char *text) { return LISTED(early_stops, text); }
